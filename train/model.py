"""RoboRefer in PyTorch from stock Hugging Face parts: two SigLIP towers, two folding projectors, a Qwen2 decoder.

One class for the released 2B and 8B checkpoints and for models of our own size: all numbers come from a Config (train/config.py).

    model = RoboRefer(cfg)                           # random weights
    model = load("checkpoint")                       # official folder, or one that save() wrote
    x, mask = model.embed([ids, …], images, depths)  # splice: features in the places of <image> and <depth>
    logits = model.llm(inputs_embeds=x, attention_mask=mask).logits
    ids = model.answer(query)                        # greedy
    save(model, "checkpoint", "tokenizer.json")      # then train/export.py makes the graphs

Order and shapes are those of the official code (arXiv 2506.04308): features are the towers' hidden_states[-2], taken before
post_layernorm; each block of features is followed by the embedding of "\\n".
"""

import json
import os

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F
from transformers import Qwen2Config, Qwen2ForCausalLM, SiglipVisionConfig, SiglipVisionModel

from checkpoint import Checkpoint
from config import FOLD, Config


class ConvStem(nn.Module):
    """3 × 3 convolutions down to one position a patch, then 1 × 1: in the place of SigLIP's patch embedding, for training from
    scratch. Names of the weights: layers.N.{conv,norm}.*, last.*."""

    def __init__(self, tower):
        super().__init__()
        self.layers = nn.ModuleList()
        width = 3
        for w, stride in tower.convolutions():
            self.layers.append(nn.ModuleDict({"conv": nn.Conv2d(width, w, 3, stride, 1, bias=False), "norm": nn.BatchNorm2d(w)}))
            width = w
        self.last = nn.Conv2d(width, tower.hidden, 1)

    @property
    def weight(self):  # SiglipVisionEmbeddings asks for its dtype
        return self.last.weight

    def forward(self, x):
        for layer in self.layers:
            x = F.relu(layer["norm"](layer["conv"](x)))
        return self.last(x)


class VisionTower(nn.Module):
    """pixels [n, 3, s, s] -> the features of the last layer that is used, [n, (s/patch)², hidden]."""

    def __init__(self, tower, size):
        super().__init__()
        self.siglip = SiglipVisionModel(
            SiglipVisionConfig(
                hidden_size=tower.hidden, intermediate_size=tower.mlp, num_hidden_layers=tower.layers, num_attention_heads=tower.heads,
                image_size=size, patch_size=tower.patch, layer_norm_eps=tower.eps, hidden_act="gelu_pytorch_tanh", vision_use_head=False,
            )
        )  # fmt: skip
        del self.siglip.post_layernorm  # never reached
        if tower.stem == "conv":
            self.siglip.embeddings.patch_embedding = ConvStem(tower)

    def forward(self, pixels):
        x = self.siglip.embeddings(pixels)
        return self.siglip.encoder(inputs_embeds=x).last_hidden_state


class Projector(nn.Module):
    """Folds k × k neighbouring patches into channels (row offset, column offset, channel), padding with zeros at the bottom and right, and
    maps them to the decoder's width. features [n, g², c] -> [n, ceil(g/k)², hidden]."""

    def __init__(self, kind, channels, hidden, positions=0):
        super().__init__()
        self.fold = FOLD[kind]
        c = channels * self.fold**2
        if self.fold == 3:
            layers = [nn.Identity(), nn.LayerNorm(c), nn.Linear(c, channels * 3), nn.GELU(), nn.LayerNorm(channels * 3),
                      nn.Linear(channels * 3, hidden), nn.GELU(), nn.Linear(hidden, hidden)]  # fmt: skip
        else:
            layers = [nn.Identity(), nn.LayerNorm(c), nn.Linear(c, hidden), nn.GELU(), nn.Linear(hidden, hidden)]
        self.layers = nn.ModuleList(layers)  # numbered as in the checkpoints
        # Models of our own may add a code of each position's place to the projector's output. The official ones have none.
        self.positions = nn.Parameter(torch.zeros(positions, hidden)) if positions else None

    def folded(self, x):
        n, t, c = x.shape
        g, k = int(t**0.5), self.fold
        x = x.view(n, g, g, c)
        if pad := -g % k:
            x, g = F.pad(x, (0, 0, 0, pad, 0, pad)), g + pad
        x = x.view(n, g // k, k, g // k, k, c).permute(0, 1, 3, 2, 4, 5)
        return x.reshape(n, (g // k) ** 2, k * k * c)

    def forward(self, x):
        x = self.folded(x)
        for layer in self.layers:
            x = layer(x)
        return x if self.positions is None else x + self.positions


def merge_scales(features, block, scales):
    """dynamic_s2: the features of one picture's tiles, [tiles, g², c], of all scales, the smallest first -> the projector's input,
    [rows · cols, g², c · scales]. block is (rows, cols) of the last scale; scales lists (rows, cols) of each."""
    g, c = int(features.shape[1] ** 0.5), features.shape[2]
    rows, cols = block
    maps, at = [], 0
    for r, q in scales:
        t = features[at : at + r * q].view(r, q, g, g, c).permute(4, 0, 2, 1, 3).reshape(1, c, r * g, q * g)
        maps.append(F.interpolate(t.float(), size=(rows * g, cols * g), mode="area").to(features.dtype))
        at += r * q
    x = torch.cat(maps, 1)[0]  # [c · scales, rows · g, cols · g]
    return x.view(-1, rows, g, cols, g).permute(1, 3, 2, 4, 0).reshape(rows * cols, g * g, -1)


class RoboRefer(nn.Module):
    """place_codes gives the projectors a learned code of each position's place (see Projector)."""

    def __init__(self, cfg, place_codes=False, attention="sdpa"):
        super().__init__()
        self.cfg = cfg.validate()
        d = cfg.decoder
        n = cfg.tokens_per_tile if place_codes else 0
        self.vision_tower = VisionTower(cfg.vision, cfg.tile_size)
        self.depth_tower = VisionTower(cfg.depth, cfg.tile_size)
        self.mm_projector = Projector(cfg.projector, cfg.vision.hidden * cfg.scales, d.hidden, n)
        self.depth_projector = Projector(cfg.projector, cfg.depth.hidden * cfg.scales, d.hidden, n)
        self.llm = Qwen2ForCausalLM(
            Qwen2Config(
                hidden_size=d.hidden, num_hidden_layers=d.layers, num_attention_heads=d.heads, num_key_value_heads=d.kv_heads, head_dim=d.head_dim,
                intermediate_size=d.mlp, vocab_size=d.vocab, rms_norm_eps=d.eps, rope_parameters={"rope_type": "default", "rope_theta": d.rope_theta},
                tie_word_embeddings=d.tied, max_position_embeddings=cfg.max_context, bos_token_id=None, eos_token_id=cfg.tokens.stop, pad_token_id=None,
                attn_implementation=attention,
            )
        )  # fmt: skip

    @property
    def embedding(self):
        return self.llm.get_input_embeddings()

    def image_features(self, pixels, block=None):
        """[tiles, 3, s, s] -> [tiles, tokens, hidden], or for dynamic_s2 one picture's tiles and block -> [1, tokens, hidden]."""
        return self._features(self.vision_tower, self.mm_projector, pixels, block)

    def depth_features(self, pixels, block=None):
        return self._features(self.depth_tower, self.depth_projector, pixels, block)

    def _features(self, tower, projector, pixels, block):
        x = tower(pixels)
        if self.cfg.variant != "dynamic_s2":
            return projector(x)
        s, (rows, cols) = self.cfg.tile_size, block
        x = projector(merge_scales(x, block, [(k // s, k // s) for k in self.cfg.s2_scales[:-1]] + [block]))
        g, c = int(x.shape[1] ** 0.5), x.shape[2]
        return x.view(rows, cols, g, g, c).permute(0, 2, 1, 3, 4).reshape(1, rows * cols * g * g, c)

    def splice(self, ids, images, depths=None):
        """One sequence: ids (list or tensor), images and depths [blocks, tokens, hidden] (depths None for RGB only) -> [length, hidden]. Each
        <image> and <depth> becomes the next block of its kind and a newline."""
        ids = torch.as_tensor(ids, device=self.embedding.weight.device)
        e, t = self.embedding(ids), self.cfg.tokens
        end = self.embedding.weight[t.newline][None]
        queues = {t.image: list(images), t.depth: list(depths) if depths is not None else []}
        out, at = [], 0
        for i, token in enumerate(ids.tolist()):
            if token in queues:
                if not queues[token]:
                    raise ValueError(f"more placeholders {token} than pictures")
                out += [e[at:i], queues[token].pop(0).to(e.dtype), end]
                at = i + 1
        if any(queues.values()):
            raise ValueError("more pictures than placeholders")
        return torch.cat([*out, e[at:]])

    def embed(self, ids, images, depths=None):
        """A batch, padded on the right. ids: a list of sequences; images and depths: for each sequence its blocks, [blocks, tokens, hidden], or
        None for depth. Returns inputs_embeds [batch, longest, hidden] and attention_mask [batch, longest]."""
        rows = [self.splice(i, im, None if depths is None else depths[k]) for k, (i, im) in enumerate(zip(ids, images))]
        x = nn.utils.rnn.pad_sequence(rows, batch_first=True)
        lengths = torch.tensor([len(r) for r in rows], device=x.device)
        return x, (torch.arange(x.shape[1], device=x.device)[None] < lengths[:, None]).long()

    def query_embeds(self, query):
        """inputs_embeds [1, length, hidden] of one query of preprocess.Processor."""
        p = next(self.parameters())
        put = lambda a: torch.from_numpy(a).to(p.device, p.dtype)
        images = self.image_features(put(query["pixels"]), query["block"])
        depths = None if query["depth_pixels"] is None else self.depth_features(put(query["depth_pixels"]), query["depth_block"])
        return self.splice(query["ids"], images, depths)[None]

    @torch.no_grad()
    def answer(self, query, max_new_tokens=None, return_logits=False):
        """The greedy answer to one query, as ids without the stop token. With return_logits also the logits before each token, [n, vocab]."""
        x, cache, out, logits = self.query_embeds(query), None, [], []
        for _ in range(max_new_tokens or self.cfg.max_new_tokens):
            r = self.llm(inputs_embeds=x, past_key_values=cache, use_cache=True, logits_to_keep=1)
            cache, last = r.past_key_values, r.logits[0, -1].float()
            logits.append(last)
            token = int(last.argmax())
            if token in self.cfg.tokens.stop:
                break
            out.append(token)
            x = self.embedding(torch.tensor([[token]], device=x.device))
        return (out, torch.stack(logits)) if return_logits else out


def load(folder, dtype=torch.float32, strict=True, attention="sdpa"):
    """The model in a checkpoint folder, official or ours, in eval mode."""
    ck = Checkpoint(folder, strict)
    states = {}
    for part in ("vision_tower", "mm_projector", "depth_tower", "depth_projector", "llm"):
        d = os.path.join(ck.root, part)
        state = {}
        for f in sorted(os.listdir(d)):
            if f.endswith(".safetensors"):
                state |= load_file(os.path.join(d, f))
        states[part] = state
    model = RoboRefer(ck.config, place_codes="positions" in states["mm_projector"], attention=attention)
    for part in ("vision_tower", "depth_tower"):
        layers = getattr(ck.config, part.split("_")[0]).layers
        s = {k.removeprefix("vision_model."): v for k, v in states[part].items()}
        s = {k: v for k, v in s.items() if not k.startswith(("post_layernorm.", "head.", f"encoder.layers.{layers}."))}
        getattr(model, part).siglip.load_state_dict(s)
    for part in ("mm_projector", "depth_projector"):
        getattr(model, part).load_state_dict(states[part])
    if ck.config.decoder.tied:
        states["llm"]["lm_head.weight"] = states["llm"]["model.embed_tokens.weight"]
    model.llm.load_state_dict(states["llm"])
    return model.to(dtype).eval()


def begin(model, path, layers=()):
    """Sets model's weights to those in a file of half precision that a training run left (train.py, Trainer.keep). layers: which of the file's decoder
    layers are model's, in order, so that a model can begin as a shallower one; empty for all."""
    state, taken = {}, {k: i for i, k in enumerate(layers)}
    for k, v in load_file(path).items():
        prefix, _, rest = k.partition("llm.model.layers.")
        if layers and not prefix and rest:
            number, _, name = rest.partition(".")
            if int(number) not in taken:
                continue
            k = f"llm.model.layers.{taken[int(number)]}.{name}"
        state[k] = v.float() if v.is_floating_point() else v
    state["llm.lm_head.weight"] = state["llm.model.embed_tokens.weight"]
    try:
        model.load_state_dict(state)
    except RuntimeError as e:
        raise ValueError(f"{path}{f', layers {list(layers)},' if layers else ''} is of another model: {e}") from None


def save(model, folder, tokenizer_path):
    """Writes a checkpoint folder that load and train/export.py read. The files appear under their names only when they are whole."""
    cfg = model.cfg
    parts = {
        "vision_tower": (model.vision_tower.siglip, "vision_model."), "depth_tower": (model.depth_tower.siglip, "vision_model."),
        "mm_projector": (model.mm_projector, ""), "depth_projector": (model.depth_projector, ""), "llm": (model.llm, ""),
    }  # fmt: skip
    for part, (module, prefix) in parts.items():
        d = os.path.join(folder, part)
        os.makedirs(d, exist_ok=True)
        state = {prefix + k: v.detach().cpu().contiguous() for k, v in module.state_dict().items() if not k.endswith("num_batches_tracked")}
        if part == "llm" and cfg.decoder.tied:
            state.pop("lm_head.weight", None)
        path = os.path.join(d, "model.safetensors")
        save_file(state, path + ".part")
        os.replace(path + ".part", path)
    with open(tokenizer_path, encoding="utf-8") as f:
        tokenizer = f.read()
    write(os.path.join(folder, "llm", "tokenizer.json"), tokenizer)
    write(os.path.join(folder, "roborefer.json"), json.dumps(cfg.to_dict(), indent=1, ensure_ascii=False) + "\n")


def write(path, text):
    with open(path + ".part", "w", encoding="utf-8") as f:
        f.write(text)
    os.replace(path + ".part", path)
