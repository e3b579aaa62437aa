"""A small SentencePiece unigram tokenizer in the forms that transformers gives to umT5's and T5's tokenizers."""

import io
from pathlib import Path

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram

SENTENCES = Path(__file__).with_name("sentences.txt")
EXTRA_IDS = 3


def train() -> sentencepiece_model_pb2.ModelProto:
    """A unigram model with the ids of umT5: <pad> 0, </s> 1, <s> 2, <unk> 3, then 256 byte pieces."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES.read_text().splitlines()),
        model_writer=model,
        model_type="unigram",
        vocab_size=560,
        character_coverage=1.0,
        normalization_rule_name="nmt_nfkc",
        byte_fallback=True,
        pad_id=0,
        eos_id=1,
        bos_id=2,
        unk_id=3,
        pad_piece="<pad>",
        num_threads=1,
        minloglevel=2,
    )
    return sentencepiece_model_pb2.ModelProto.FromString(model.getvalue())


def assemble(proto: sentencepiece_model_pb2.ModelProto, normalizer, pre_tokenizer) -> Tokenizer:
    """A `tokenizers` tokenizer that appends </s>; like transformers' it leaves the byte pieces unused."""
    vocabulary = [(piece.piece, piece.score) for piece in proto.pieces]
    extra = [f"<extra_id_{index}>" for index in reversed(range(EXTRA_IDS))]
    tokenizer = Tokenizer(Unigram(vocabulary + [(piece, 0.0) for piece in extra], unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    special = [piece for piece, _ in vocabulary[:4]] + extra
    tokenizer.add_special_tokens([AddedToken(piece, normalized=False, special=True) for piece in special])
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return tokenizer


def umt5_form(proto: sentencepiece_model_pb2.ModelProto) -> Tokenizer:
    """As transformers' `SpmConverter` does it."""
    return assemble(
        proto,
        normalizers.Sequence(
            [
                normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap),
                normalizers.Strip(left=False, right=True),
                normalizers.Replace(Regex(" {2,}"), "▁"),
            ]
        ),
        pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always"),
    )


def t5_form(proto: sentencepiece_model_pb2.ModelProto) -> Tokenizer:
    """As transformers' `T5Tokenizer` does it."""
    return assemble(
        proto,
        normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap),
        pre_tokenizers.Sequence(
            [
                pre_tokenizers.WhitespaceSplit(),
                pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True),
            ]
        ),
    )
