"""Fixtures of the tokenizer and of the cleaning of prompts.

tokenizer/<name>.json: {"tokenizer": path from the repository's root, "cases": [{text, ids}] (with the final </s>,
not truncated), "added_tokens": the same for texts that spell special tokens, "truncated": {text, max_length, ids}}.
tokenizer/spiece.model: the SentencePiece model that all of them but nano's are made of.
tokenizer/clean.json: {"cases": [{text, cleaned}], "mojibake": the same}, cleaned by WanPipeline's `prompt_clean`.
"""

import numpy as np
from diffusers.pipelines.wan.pipeline_wan import prompt_clean
from tokenizers import Tokenizer

import unigram
from common import FIXTURES, REPOSITORY, generator, save_json

DIRECTORY = FIXTURES / "tokenizer"
TEXTS = 200
MAX_LENGTH = 512

HAND_WRITTEN = [
    "", " ", "   ", "\n", "\t\t", "a", " a", "a ", "  a  b  ", "a\tb\nc\r\nd", "a\u00a0b", "a\u3000b", "a\u200bb",
    "A Red Ball", "RED BALL", "red ball.", "red,ball;car", "red-ball", "don't", "“quoted” ‘text’", "…", "1.5x", "100%",
    "café", "cafe\u0301", "naïve façade", "Å Å", "ﬁne ﬂight", "ﬀ", "½ ² ™", "Ⅳ", "①②③", "ＡＢＣ１２３", "ｶﾀｶﾅ", "ガギグ",
    "가나다", "\u1100\u1161", "über die Wiese", "straße STRASSE", "İstanbul ı", "ǅ", "ΑΒΓ αβγ ς", "Привет, мир", "שלום",
    "مرحبا بالعالم", "हिन्दी", "ไทย", "一只红色的球", "猫が屋根の上に座って", "猫 の 屋根", "漢字かな交じり文。", "！？「」",
    "🎬", "🎬🎬", "👩‍👩‍👧‍👦", "👍🏽", "🇩🇪", "❤️", "☀ sunset ☀", "a🎬b", "字🎬字", "\U0001f600 smile",
    "\ufeffbom", "soft\u00adhyphen", "nul\u0000l", "bell\u0007", "\u202eright", "zero\u200djoin", "\ufffd", "\ue000",
    "▁", "▁▁a", "a▁b", "a ▁ b", "<0x41>", "<0x", "&amp; &lt;b&gt;", "<b>bold</b>", "http://example.org/?q=1&r=2",
    "a" * 300, "ball " * 200, "  ".join(["red", "ball"] * 50), "日" * 250, "🎬" * 100, "x" * 3000, "\u0301" * 5,
    "ball\u0301 red\u0308", "qqqzzzjjj", "ŋ ð þ", "𝔯𝔢𝔡 𝒷𝒶𝓁𝓁", "𠮷野家", "ﷺ", "ŉ", "ſ", "\u2028line\u2029", "\x85next",
]
ADDED_TOKENS = ["</s>", "red</s>ball", "<pad> red", "a <unk> b", "<extra_id_0> ball <extra_id_2>", "<extra_id_9>"]
CLEANED = [
    "  a   red\n ball ", "“soft” ‘light’", "a &amp; b", "a &amp;amp; b", "&lt;b&gt;", "&quot;sun&quot; &#39;set&#39;",
    "ﬁne ﬂight", "cafe\u0301", "ＡＢＣ，１２３", "tab\there", "nul\u0000l", "a\u00a0b\u3000c", "日落时的草地", "soft\u00adhyphen",
    "\ufeffbom", "line\r\nbreak\u2028end", "naïve", "…", "“a” &ldquo;b&rdquo;", "ｶﾀｶﾅ", "\u001b[31mred\u001b[0m", "",
    "zero\u200bwidth", "&nbsp;a&nbsp;", "a&#x1F3AC;b", "Å", "🎬 take",
]
MOJIBAKE = ["schÃ¶n", "itâ€™s", "Ð¼ÑÑ‡"]  # UTF-8 that was decoded as another encoding, which ftfy undoes


def texts() -> list[str]:
    """Hand-written texts, then random mixtures of words, odd spaces and rare characters, 200 in all."""
    rng = generator(10000)
    words = unigram.SENTENCES.read_text().split()
    spaces = [" "] * 8 + ["  ", "\n", "\t", "", "\u00a0", "   "]
    rare = list("éÜßñ漢字猫のждω🎬☀½™ﬁＡ٣०☃¿«»–—\u200b\u0301")
    mixed = []
    while len(HAND_WRITTEN) + len(mixed) < TEXTS:
        pieces = []
        for _ in range(rng.integers(1, 25)):
            word = words[rng.integers(len(words))]
            choice = rng.random()
            if choice < 0.1:
                word = word.upper()
            elif choice < 0.2:
                word = word.capitalize()
            elif choice < 0.35:
                position = rng.integers(len(word) + 1)
                word = word[:position] + rare[rng.integers(len(rare))] + word[position:]
            elif choice < 0.4:
                word = "".join(np.array(list(word))[rng.permutation(len(word))])
            pieces += [word, spaces[rng.integers(len(spaces))]]
        mixed.append("".join(pieces))
    return HAND_WRITTEN + mixed


def encoded(tokenizer: Tokenizer, path: str) -> dict:
    """The ids of every text."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    long = "the red ball is over the meadow and the sea, " * 80

    def cases(values):
        return [{"text": text, "ids": tokenizer.encode(text).ids} for text in values]

    result = {"tokenizer": path, "cases": cases(texts()), "added_tokens": cases(ADDED_TOKENS)}
    tokenizer.enable_truncation(MAX_LENGTH)
    result["truncated"] = {"text": long, "max_length": MAX_LENGTH, "ids": tokenizer.encode(long).ids}
    assert len(result["truncated"]["ids"]) == MAX_LENGTH
    return result


def write() -> None:
    t5 = DIRECTORY / "t5-tokenizer.json"
    t5.parent.mkdir(parents=True)
    model = unigram.train()
    unigram.t5_form(model).save(str(t5))
    (DIRECTORY / "spiece.model").write_bytes(model.SerializeToString())
    sources = {
        "umt5": FIXTURES / "pipeline" / "model" / "tokenizer" / "tokenizer.json",
        "t5": t5,
        "nano": REPOSITORY / "models" / "nano" / "tokenizer.json",
    }
    for name, source in sources.items():
        if name == "nano" and not source.exists():
            print("  models/nano has no tokenizer.json yet; run this part again when it has")
            continue
        path = source.relative_to(REPOSITORY).as_posix()
        save_json(DIRECTORY / f"{name}.json", encoded(Tokenizer.from_file(str(source)), path))
        print(f"  tokenizer/{name}.json")
    groups = {"cases": CLEANED, "mojibake": MOJIBAKE}
    save_json(
        DIRECTORY / "clean.json",
        {group: [{"text": text, "cleaned": prompt_clean(text)} for text in values] for group, values in groups.items()},
    )
