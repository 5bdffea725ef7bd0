"""A small tokenizer of the same kind as Qwen2's: byte-level BPE, the same pre-tokeniser (digits one by one), the same special tokens, in
the same tokenizer.json format. For models that are trained from scratch on a narrow language."""

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "[BOS]", "[PAD]", "<vila/sentinel>", "<image>", "<vila/video>", "<depth>"]


def dress(tokenizer):
    """Gives tokenizer Qwen2's normaliser, pre-tokeniser and decoder."""
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), behavior="isolated", invert=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.post_processor = processors.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)
    return tokenizer


def train_tokenizer(texts, vocab_size):
    """A tokenizers.Tokenizer learnt from an iterable of texts, with vocab_size entries at most, the nine special tokens (last) included.
    The double newline and the 256 bytes are always in it."""
    tokenizer = dress(Tokenizer(models.BPE()))
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size - len(SPECIAL),
        special_tokens=[],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
        min_frequency=1,
    )
    tokenizer.train_from_iterator([*texts, *["A\n\nA"] * 1000], trainer)
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in SPECIAL])
    return tokenizer


def token_ids(tokenizer):
    """The ids that roborefer.json names: image, depth, newline and stop."""
    of = tokenizer.token_to_id
    return {"image": of("<image>"), "depth": of("<depth>"), "newline": of("Ċ"), "stop": [of("<|im_end|>"), of("<|endoftext|>")]}
