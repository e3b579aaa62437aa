"""What the measures report: figures as JSON, and tables for the model card."""

import json


def publish(report, path, table):
    """Write the figures as JSON and print them as the table that `table` makes of them."""
    with open(path, "w") as file:
        json.dump(report, file, indent=1)
        file.write("\n")
    print(table(report))


def markdown(header, rows):
    """Shares and ratios as given, None as a dash; the first column on the left, the others on the right."""
    lines = [header, ["---"] + ["--:"] * (len(header) - 1)] + [[text_of(value) for value in row] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def text_of(value):
    if value is None:
        return "–"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
