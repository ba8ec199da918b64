"""Small MarianMT folders of Transformers with weights of little worth, and what it makes of them.

    pip install torch==2.11.0 transformers==5.24.0 sentencepiece safetensors
    python tests/golden/marian.py            writes marian/CASE/, which `penalmt import` reads

A case's folder is as Transformers saves it (config.json, generation_config.json, model.safetensors,
source.spm, target.spm, vocab.json, tokenizer_config.json), and beside that:

    answers.safetensors    source [B, S], target [B, T] in their ids, padded; logits [B, T, V], loss,
                           smoothed (0.1): sums over the target's real tokens; in float64
    gradients/             config.json and model.safetensors: the gradients of `smoothed`, called as
                           the weights are; Transformers gives padding's embedding none where the
                           decoder reads it as its start
    texts.json             lines, and their translations: greedy; beam (4, early_stopping true);
                           never (4, early_stopping "never", length_penalty 0.6); guess (3,
                           early_stopping false); short (4, of at most 6 pieces); else at most 40.
                           And the scores of beam

The pieces: the vocabulary lacks two pieces of the SentencePiece models (unknown), has one that
neither knows, and two target languages. The weights are random, and trained a little, so
that translations differ and end.
"""
import json
import pathlib
import shutil
import sys

import sentencepiece
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from transformers import MarianConfig, MarianMTModel, MarianTokenizer

HERE = pathlib.Path(__file__).resolve().parent
CASES = {
    "swish": dict(activation_function="swish", scale_embedding=True, d_model=16, encoder_ffn_dim=24,
                  encoder_layers=2, decoder_layers=2, encoder_attention_heads=4),
    "gelu": dict(activation_function="gelu", scale_embedding=False, d_model=24, encoder_ffn_dim=40,
                 encoder_layers=1, decoder_layers=3, encoder_attention_heads=2),
    "relu": dict(activation_function="relu", scale_embedding=True, d_model=16, encoder_ffn_dim=16,
                 encoder_layers=1, decoder_layers=1, encoder_attention_heads=1,
                 share_encoder_decoder_embeddings=False),
    "untied": dict(activation_function="swish", scale_embedding=False, d_model=16,
                   encoder_ffn_dim=32, encoder_layers=1, decoder_layers=1,
                   encoder_attention_heads=8, share_encoder_decoder_embeddings=False,
                   tie_word_embeddings=False, renormalize=True),
}
# Search as it is asked for in the tests of penalmt, with at most 40 pieces and the end.
SEARCHES = {
    "greedy": dict(num_beams=1),
    "beam": dict(num_beams=4, early_stopping=True, length_penalty=1.0),
    "never": dict(num_beams=4, early_stopping="never", length_penalty=0.6),
    "guess": dict(num_beams=3, early_stopping=False, length_penalty=1.0),
    "short": dict(num_beams=4, early_stopping=True, length_penalty=1.0, max_length=8),
}
LONGEST = 40

WORDS = {
    "en": "a the two three dog dogs man woman child red blue green small big old runs jumps sits "
          "stands sees near under over beside and with house tree ball water street table",
    "de": "ein eine der die das zwei drei hund hunde mann frau kind rot blau klein groß alt rennt "
          "springt sitzt steht sieht neben unter über und mit haus baum ball wasser straße tisch",
}


def sentences(language, count):
    """Words in an order that a small formula gives."""
    words = WORDS[language].split()
    return [" ".join(words[(7 * i * i + 13 * k * k + i * k) % len(words)]
                     for k in range(3 + i % 6)).capitalize() + " ."
            for i in range(count)]


def pieces_model(language, file, **options):
    """A SentencePiece model with its usual ids (unknown 0, start 1, end 2)."""
    settings = dict(vocab_size=70, model_type="unigram", normalization_rule_name="identity",
                    hard_vocab_limit=False, num_threads=1, minloglevel=2) | options
    with open(file, "wb") as out:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences(language, 400)), model_writer=out, **settings)
    model = sentencepiece.SentencePieceProcessor(str(file))
    return [model.id_to_piece(id) for id in range(3, model.get_piece_size())]


def vocabulary(*pieces_of):
    """Piece → id, as Marian numbers them: the end, the unknown piece, the others, padding last."""
    others = sorted({piece for pieces in pieces_of for piece in pieces})
    missing = [max(pieces, key=len) for pieces in pieces_of]  # unknown, though a model knows them
    others = [piece for piece in others if piece not in missing]
    others += [">>deu<<", ">>nld<<", "▁Quagga"]
    names = ["</s>", "<unk>"] + others + ["<pad>"]
    return {piece: id for id, piece in enumerate(names)}


def make(folder, seed=1, updates=200, tokenizers={}, renormalize=False, **options):
    """A folder as Transformers saves it: random weights, trained a little."""
    folder.mkdir(parents=True)
    source = pieces_model("en", folder / "source.spm", **tokenizers)
    target = pieces_model("de", folder / "target.spm", **tokenizers)
    separate = not options.get("share_encoder_decoder_embeddings", True)
    vocabularies = ([vocabulary(source), vocabulary(target)] if separate
                    else [vocabulary(source, target)] * 2)
    if separate:  # Transformers has one number for padding and the end, though two vocabularies
        shorter = min(vocabularies, key=len)
        padding = shorter.pop("<pad>")
        for number in range(padding, max(map(len, vocabularies)) - 1):
            shorter[f"▁none{number}"] = number
        shorter["<pad>"] = len(shorter)
        (folder / "target_vocab.json").write_text(json.dumps(vocabularies[1], ensure_ascii=False))
    (folder / "vocab.json").write_text(json.dumps(vocabularies[0], ensure_ascii=False))
    size, padding = len(vocabularies[0]), vocabularies[0]["<pad>"]
    config = MarianConfig(
        vocab_size=size, decoder_vocab_size=len(vocabularies[1]), pad_token_id=padding,
        decoder_start_token_id=padding, eos_token_id=0, forced_eos_token_id=0,
        max_position_embeddings=64, dropout=0.0,
        **({"decoder_ffn_dim": options["encoder_ffn_dim"],
            "decoder_attention_heads": options["encoder_attention_heads"]} | options))
    torch.manual_seed(seed)
    model = MarianMTModel(config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "embed_positions" in name:
                continue
            if weight.dim() == 2:
                wide = "proj" not in name and "fc" not in name and not config.scale_embedding
                weight.copy_(torch.randn(weight.shape) / (2 if wide else weight.shape[1] ** 0.5))
            else:  # a bias, or a normalisation's gain
                is_gain = "norm" in name and name.endswith("weight")
                weight.copy_((1.0 if is_gain else 0.0) + 0.2 * torch.randn(weight.shape))
        model.final_logits_bias.copy_(0.3 * torch.randn(model.final_logits_bias.shape))
    model.generation_config.bad_words_ids = [[padding]]
    model.generation_config.max_length = LONGEST + 2  # the start and the end are counted
    model.generation_config.num_beams = 4
    model.generation_config.early_stopping = True
    model.generation_config.renormalize_logits = renormalize
    model.save_pretrained(folder)
    if updates:
        model, tokenizer = opened(folder)
        train(model, tokenizer, updates)
        model.save_pretrained(folder)
    (folder / "tokenizer_config.json").write_text(json.dumps(
        {"source_lang": "eng", "target_lang": "deu", "separate_vocabs": separate,
         "tokenizer_class": "MarianTokenizer"}, indent=1))
    return folder


def opened(folder):
    model = MarianMTModel.from_pretrained(folder).eval()
    names = {"vocab": "vocab.json", "source_spm": "source.spm", "target_spm": "target.spm"}
    separate = (folder / "target_vocab.json").exists()
    if separate:
        names["target_vocab_file"] = "target_vocab.json"
    tokenizer = MarianTokenizer(**{key: str(folder / name) for key, name in names.items()},
                                separate_vocabs=separate)
    return model, tokenizer


def train(model, tokenizer, updates):
    """So that translations differ, and end."""
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    for update in range(updates):
        texts, targets = (sentences(language, 400)[update % 10::10] for language in ("en", "de"))
        source = tokenizer(texts, return_tensors="pt", padding=True)
        labels = tokenizer(text_target=targets, return_tensors="pt", padding=True).input_ids
        labels = labels.masked_fill(labels == model.config.pad_token_id, -100)
        optimiser.zero_grad()
        model(**source, labels=labels).loss.backward()
        optimiser.step()


def lines(count):
    """Sources: as the pieces know them, with unknown words, a target language, odd spaces."""
    found = sentences("en", count)
    found[1] = ">>deu<< " + found[1]
    found[2] = ">>nld<<" + found[2]
    found[3] = "  two   dogs ."
    found[4] = "Zwölf Quaggas > sit, 3x !"
    return found


def translations(model, tokenizer, texts, search):
    return [text for text, _ in searched(model, tokenizer, texts, search)]


def searched(model, tokenizer, texts, search):
    """Translations and their scores; of greedy search None."""
    found = []
    for begin in range(0, len(texts), 50):
        batch = tokenizer(texts[begin:begin + 50], return_tensors="pt", padding=True)
        with torch.no_grad():
            out = model.generate(**batch, do_sample=False, return_dict_in_generate=True,
                                 output_scores=True,
                                 **({"early_stopping": False} | SEARCHES[search]))
        texts_of_batch = tokenizer.batch_decode(out.sequences, skip_special_tokens=True)
        scores = out.get("sequences_scores")
        found += zip(texts_of_batch, [None] * len(batch.input_ids) if scores is None else
                     scores.tolist())
    return found


def losses(model, tokenizer, texts, targets):
    """Their ids, logits, loss and gradients."""
    padding = model.config.pad_token_id
    source = tokenizer(texts, return_tensors="pt", padding=True)
    labels = tokenizer(text_target=targets, return_tensors="pt", padding=True).input_ids
    model.zero_grad()
    model.final_logits_bias.requires_grad_(True)
    model.final_logits_bias.grad = None
    given = labels.masked_fill(labels == padding, -100)
    out = model(input_ids=source.input_ids, attention_mask=source.attention_mask, labels=given)
    logits = out.logits.flatten(0, 1)
    smoothed = F.cross_entropy(logits, given.flatten(), reduction="sum", label_smoothing=0.1)
    smoothed.backward()
    gradients = {name: weight.grad.clone() for name, weight in model.named_parameters()
                 if weight.grad is not None and "embed_positions" not in name}
    gradients["final_logits_bias"] = model.final_logits_bias.grad.clone()
    return {"source": source.input_ids, "target": labels, "logits": out.logits.detach(),
            "loss": out.loss.detach() * (given != -100).sum(),
            "smoothed": smoothed.detach()}, gradients


def main():
    torch.set_num_threads(1)
    shutil.rmtree(HERE / "marian", ignore_errors=True)
    for seed, (case, options) in enumerate(CASES.items()):
        folder = make(HERE / "marian" / case, seed=seed, **options)
        model, tokenizer = opened(folder)
        texts = lines(40)
        found = {"lines": texts}
        for search in SEARCHES:
            found[search] = translations(model, tokenizer, texts, search)
        found["scores"] = [score for _, score in searched(model, tokenizer, texts, "beam")]
        (folder / "texts.json").write_text(json.dumps(found, ensure_ascii=False, indent=0))
        answers, gradients = losses(model.double(), tokenizer, texts[:4], sentences("de", 4))
        save_file({name: tensor.contiguous() for name, tensor in answers.items()},
                  folder / "answers.safetensors")
        (folder / "gradients").mkdir()
        shutil.copy(folder / "config.json", folder / "gradients")
        save_file({name: tensor.float().contiguous() for name, tensor in gradients.items()},
                  folder / "gradients" / "model.safetensors")
        print(case, [t for t in found["greedy"][:6]], file=sys.stderr)
    for file in (HERE / "marian").rglob("*"):
        file.chmod(0o755 if file.is_dir() else 0o644)


if __name__ == "__main__":
    main()
