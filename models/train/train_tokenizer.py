"""Train the SentencePiece unigram tokenizer on English and Chinese captions and write it as runs/tokenizer/tokenizer.json."""

import argparse
import os
import random

import sentencepiece
import torch

from clips import FRAME_RATES
from text import load_tokenizer, save_tokenizer_json, with_rate
from world.captions import caption, known_words
from world.scene import sample_scenes


def sample_captions(count, seed):
    scenes = sample_scenes(count, torch.Generator().manual_seed(seed))
    draw = random.Random(seed)
    return [with_rate(caption(scenes, i, draw), draw.choice(FRAME_RATES)) for i in range(count)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", default="runs/tokenizer")
    parser.add_argument("--captions", type=int, default=30_000)
    parser.add_argument("--vocabulary", type=int, default=1024, help="pieces")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    os.makedirs(args.folder, exist_ok=True)
    captions = sample_captions(args.captions, args.seed)
    # SentencePiece takes as candidates only what it sees in two different words; these endings make every English word one.
    words = [word + ending for word in known_words(captions) if word.isascii() for ending in (",", ".", "s", "!")]
    # Letters that no caption holds still get a piece.
    letters = [" ".join("abcdefghijklmnopqrstuvwxyz0123456789'-,.!?")] * 20
    # Case folding (nfkc_cf): capital letters in a prompt mean the same.
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(captions + words + letters), model_prefix=f"{args.folder}/spiece", vocab_size=args.vocabulary,
        model_type="unigram", normalization_rule_name="nmt_nfkc_cf", character_coverage=1.0, hard_vocab_limit=False,
        pad_id=0, eos_id=1, bos_id=2, unk_id=3, pad_piece="<pad>", num_threads=1, minloglevel=2,
    )
    save_tokenizer_json(f"{args.folder}/spiece.model", f"{args.folder}/tokenizer.json")
    check_same_ids(args.folder)


def check_same_ids(folder):
    """The tokenizer.json must give SentencePiece's ids for captions and for text like people type."""
    pieces = sentencepiece.SentencePieceProcessor(model_file=f"{folder}/spiece.model")
    tokenizer = load_tokenizer(f"{folder}/tokenizer.json")
    odd = ["", "A Red  BALL, bouncing!", "zebra über der Wiese", "x", "the ﬁsh  and ½ 2-ball's?", "a\tred\nball", "红色的球 ball", "一辆皮卡，镜头向右摇。"]
    texts = sample_captions(3000, seed=2) + odd
    for text in texts:
        expected = pieces.encode(text) + [1]
        found = tokenizer.encode(text).ids
        assert expected == found, (text, expected, found)
    longest = max(len(tokenizer.encode(t).ids) for t in texts)
    print(f"{pieces.get_piece_size()} pieces, {len(texts)} texts give the same ids, longest {longest} ids")


if __name__ == "__main__":
    main()
