"""The text side: tokenizer files, umT5 encoder, and the rows that the DiT's cross-attention sees."""

import base64
import json

import torch
from sentencepiece import sentencepiece_model_pb2 as proto
from tokenizers import Tokenizer
from transformers import UMT5Config, UMT5EncoderModel

TEXT_LENGTH = 48  # rows that cross-attention sees, zero rows after the prompt's tokens
EOS = 1
# The frame rate is told in the text (Movie Gen, arXiv 2410.13720, section 3.2.1), the empty prompt's too.
PROMPT_TEMPLATE = "{prompt}, {fps} fps"


def with_rate(text, fps):
    return PROMPT_TEMPLATE.format(prompt=text, fps=fps)


def new_encoder(vocab_size):
    config = UMT5Config(
        vocab_size=vocab_size, d_model=192, d_kv=32, d_ff=512, num_layers=2, num_heads=6,
        relative_attention_num_buckets=32, relative_attention_max_distance=128, dropout_rate=0.0,
        feed_forward_proj="gated-gelu", is_encoder_decoder=False, use_cache=False, pad_token_id=0, eos_token_id=EOS,
        tie_word_embeddings=False,
    )
    return UMT5EncoderModel(config)


def load_tokenizer(path):
    return Tokenizer.from_file(path)


def token_ids(tokenizer, texts, length=TEXT_LENGTH):
    """Ids of the texts, end of sentence appended, padded with 0: int64 [B, length]."""
    rows = [encoding.ids[:length - 1] + [EOS] if len(encoding.ids) > length else encoding.ids
            for encoding in tokenizer.encode_batch(texts)]
    return torch.tensor([row + [0] * (length - len(row)) for row in rows])


def text_rows(encoder, ids):
    """Encode ids [B, L] (0 is padding): float [B, L, d_model], zero rows after each text's end."""
    mask = (ids != 0).long()
    return encoder(input_ids=ids, attention_mask=mask).last_hidden_state * mask[..., None].to(encoder.dtype)


def save_tokenizer_json(sentencepiece_model, path):
    """Write the Hugging Face form of a SentencePiece unigram model, as umT5's: the same ids for the same text."""
    model = proto.ModelProto()
    with open(sentencepiece_model, "rb") as file:
        model.ParseFromString(file.read())
    charsmap = base64.b64encode(model.normalizer_spec.precompiled_charsmap).decode()
    special = [(0, "<pad>"), (1, "</s>"), (2, "<s>"), (3, "<unk>")]
    content = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": i, "content": t, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
            for i, t in special
        ],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Precompiled", "precompiled_charsmap": charsmap},
            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
        ]},
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}},
                     {"Sequence": {"id": "B", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
            "special_tokens": {"</s>": {"id": "</s>", "ids": [1], "tokens": ["</s>"]}},
        },
        "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "model": {"type": "Unigram", "unk_id": 3, "byte_fallback": False,
                  "vocab": [[piece.piece, piece.score] for piece in model.pieces]},
    }
    with open(path, "w") as file:
        json.dump(content, file, ensure_ascii=False)
