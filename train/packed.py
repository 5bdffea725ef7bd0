"""Many questions about one picture in one pass: the fast way to train a RoboRefer (train/model.py).

A batch has one row per picture: the prompt's beginning with the picture ("prefix"), then a fixed number of text positions that hold several
questions with their answers one after the other. Every question sees the prefix and itself, at the positions that it would have alone, so the
result is that of as many single sequences (tests hold the two to the same logits) for a fraction of the work.

The prefix always has room for the depth picture; rows without depth mask it, and their text begins where it would without it.
"""

import math

import torch
from torch.nn import functional as F

MASKED = -1e9


class Prefix:
    """What stands before the text: ids, and where the blocks of features go."""

    def __init__(self, cfg, tokenizer):
        enc = lambda s: tokenizer.encode(s, add_special_tokens=False).ids
        n, t = cfg.tokens_per_tile, cfg.tokens
        head = enc(f"<|im_start|>system\n{cfg.system}<|im_end|>\n<|im_start|>user\n")
        image = [t.image] * n + [t.newline]
        depth = [t.depth] * n + [t.newline]
        first = head + image + enc("\n")
        self.ids = first + enc(" ") + depth + enc("\n\n")
        self.rgb_length = len(first)  # of the prefix without depth
        self.image = len(head)  # where the features begin
        self.depth = len(first) + 1
        self.tokens = n
        self.end = enc("<|im_end|>\n<|im_start|>assistant\n")  # between instruction and answer
        self.stop = t.stop[0]

    def __len__(self):
        return len(self.ids)


def rotary(position, dim, theta):
    """cos and sin of RoPE, [..., dim], as Qwen2 has them."""
    inv = 1.0 / (theta ** (torch.arange(0, dim, 2, device=position.device, dtype=torch.float32) / dim))
    a = position[..., None].float() * inv
    a = torch.cat([a, a], -1)
    return a.cos(), a.sin()


def rotate(x, cos, sin):
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat([-b, a], -1) * sin


def rms(x, weight, eps):
    return F.rms_norm(x, (x.shape[-1],), weight.to(x.dtype), eps)


def weights_of(layer):
    """The tensors of a Qwen2 decoder layer, in the order that block takes them."""
    a, m = layer.self_attn, layer.mlp
    return (
        layer.input_layernorm.weight, a.q_proj.weight, a.q_proj.bias, a.k_proj.weight, a.k_proj.bias, a.v_proj.weight, a.v_proj.bias,
        a.o_proj.weight, layer.post_attention_layernorm.weight, m.gate_proj.weight, m.up_proj.weight, m.down_proj.weight,
    )  # fmt: skip


def projections(x, w, cos, sin, hd, eps):
    """q [B, H, N, hd], k and v [B, KV, N, hd] of a layer's input."""
    n1, wq, bq, wk, bk, wv, bv = w[:7]
    B, N, _ = x.shape
    h = rms(x, n1, eps)
    t = x.dtype
    y = F.linear(h, torch.cat([wq, wk, wv]).to(t), torch.cat([bq, bk, bv]).to(t))
    q, k, v = y.split([wq.shape[0], wk.shape[0], wv.shape[0]], -1)
    heads = lambda z: z.view(B, N, -1, hd).transpose(1, 2)
    cos, sin = cos[:, None].to(t), sin[:, None].to(t)
    return rotate(heads(q), cos, sin), rotate(heads(k), cos, sin), heads(v)


def feed(x, a, w, eps):
    """The rest of a layer after attention a, [B, H, N, hd]."""
    wo, n2, wg, wu, wd = w[7:]
    B, H, N, hd = a.shape
    t = x.dtype
    x = x + F.linear(a.transpose(1, 2).reshape(B, N, H * hd), wo.to(t))
    h = rms(x, n2, eps)
    return x + F.linear(F.silu(F.linear(h, wg.to(t))) * F.linear(h, wu.to(t)), wd.to(t))


def spread(k, heads):
    """Key or value heads repeated for grouped queries."""
    return k.repeat_interleave(heads // k.shape[1], 1)


def block(x, cos, sin, bias, P, hd, eps, *w):
    """One decoder layer over [prefix | text]. bias [B, 1, S, P + S] is added to the text's attention logits. Returns the output, and q of the text
    and k of everything for the supervision of attention."""
    q, k, v = projections(x, w, cos, sin, hd, eps)
    kk, vv = spread(k, q.shape[1]), spread(v, q.shape[1])
    a = F.scaled_dot_product_attention(q[:, :, :P], kk[:, :, :P], vv[:, :, :P], is_causal=True)
    b = F.scaled_dot_product_attention(q[:, :, P:], kk, vv, attn_mask=bias)
    return feed(x, torch.cat([a, b], 2), w, eps), q[:, :2, P:], k[:, :1]


class Packed:
    """Runs a RoboRefer on packed rows. compile: torch.compile the layers and the towers."""

    def __init__(self, model, prefix, dtype=torch.float32, compile=False):
        self.model, self.prefix, self.dtype = model, prefix, dtype
        d = model.cfg.decoder
        self.hd, self.eps, self.theta, self.heads = d.head_dim, d.eps, d.rope_theta, d.heads
        self.block, self.see = block, self._see
        if compile:
            self.block = torch.compile(block, dynamic=False)
            self.see = torch.compile(self._see, dynamic=False)

    def _see(self, rgb, disparity):
        """u8 [B, 3, s, s] and [B, s, s] -> patch features of both towers and projected features."""
        m = self.model
        with torch.autocast(rgb.device.type, self.dtype, enabled=self.dtype != torch.float32):
            f = m.vision_tower(rgb.float() / 127.5 - 1)
            d = m.depth_tower((disparity.float() / 127.5 - 1)[:, None].expand(-1, 3, -1, -1))
            return f, m.mm_projector(f), d, m.depth_projector(d)

    def begin(self, image, depth):
        """The prefix, [B, P, hidden], from projected features."""
        p = self.prefix
        e = self.model.embedding.weight
        x = e[torch.tensor(p.ids, device=e.device)].to(self.dtype)[None].expand(image.shape[0], -1, -1)
        n = p.tokens
        return torch.cat([
            x[:, : p.image], image.to(self.dtype), x[:, p.image + n : p.depth], depth.to(self.dtype), x[:, p.depth + n :],
        ], 1)  # fmt: skip

    def lengths(self, with_depth):
        return torch.where(with_depth, len(self.prefix), self.prefix.rgb_length)

    def bias(self, segment, with_depth):
        """[B, 1, S, P + S] from the questions' numbers [B, S] and which rows see depth [B]."""
        B, S = segment.shape
        P = len(self.prefix)
        cols = torch.arange(P, device=segment.device)
        pre = (cols[None] < self.prefix.rgb_length) | with_depth[:, None]
        i = torch.arange(S, device=segment.device)
        own = (segment[:, :, None] == segment[:, None, :]) & (i[None, :] <= i[:, None])
        ok = torch.cat([pre[:, None, :].expand(B, S, P), own], 2)
        return torch.where(ok, 0.0, MASKED).to(self.dtype)[:, None]

    def run(self, pre, ids, segment, offset, with_depth, watch=()):
        """pre [B, P, hidden]; ids, segment, offset [B, S]. Returns the hidden states of the text after the last norm, and for the layers in watch
        {layer: (hidden of the text after it, q of heads 0 and 1 [B, 2, S, hd], k of their key head [B, 1, P + S, hd])}, and the bias."""
        P = pre.shape[1]
        llm = self.model.llm.model
        x = torch.cat([pre, llm.embed_tokens.weight[ids.long()].to(self.dtype)], 1)
        position = torch.cat([
            torch.arange(P, device=x.device)[None].expand(x.shape[0], -1), self.lengths(with_depth)[:, None] + offset.long(),
        ], 1)  # fmt: skip
        cos, sin = rotary(position, self.hd, self.theta)
        bias, seen = self.bias(segment, with_depth), {}
        for i, layer in enumerate(llm.layers):
            x, q, k = self.block(x, cos, sin, bias, P, self.hd, self.eps, *weights_of(layer))
            if i in watch:
                seen[i] = (x[:, P:], q, k)
        return rms(x[:, P:], llm.norm.weight, self.eps), seen, bias

    def logits(self, h):
        return F.linear(h, self.model.llm.lm_head.weight.to(h.dtype))

    @torch.no_grad()
    def generate(self, pre, with_depth, ids, length, new, temperature=0.0, generator=None):
        """Answers. pre [B, P, hidden] (already repeated for several questions of a picture), ids [B, T] padded on the right, length [B], new tokens at
        most. Greedy for temperature 0. Returns [B, new] ids; what follows a stop token is the stop token."""
        m, hd, H = self.model.llm.model, self.hd, self.heads
        B, P, _ = pre.shape
        T = ids.shape[1]
        dev = pre.device
        x = torch.cat([pre, m.embed_tokens.weight[ids].to(self.dtype)], 1)
        base = self.lengths(with_depth)
        pos = torch.cat([torch.arange(P, device=dev)[None].expand(B, -1), base[:, None] + torch.arange(T, device=dev)[None]], 1)
        cos, sin = rotary(pos, hd, self.theta)
        bias = self.bias(torch.zeros(B, T, dtype=torch.long, device=dev), with_depth)
        width = P + T + new
        keys, values = [], []
        for layer in m.layers:
            w = weights_of(layer)
            q, k, v = projections(x, w, cos, sin, hd, self.eps)
            cache = lambda z: torch.cat([z, z.new_zeros(B, z.shape[1], new, hd)], 2)
            keys.append(cache(k))
            values.append(cache(v))
            kk, vv = spread(k, H), spread(v, H)
            a = F.scaled_dot_product_attention(q[:, :, :P], kk[:, :, :P], vv[:, :, :P], is_causal=True)
            b = F.scaled_dot_product_attention(q[:, :, P:], kk, vv, attn_mask=bias)
            x = feed(x, torch.cat([a, b], 2), w, self.eps)
        h = rms(x[:, P:], m.norm.weight, self.eps)[torch.arange(B, device=dev), length - 1]
        col = torch.arange(width, device=dev)[None]
        ok = torch.where(col < P, (col < self.prefix.rgb_length) | with_depth[:, None], (col - P) < length[:, None])
        ok = ok & (col < P + T)
        out = torch.full((B, new), self.prefix.stop, dtype=torch.long, device=dev)
        alive = torch.ones(B, dtype=torch.bool, device=dev)
        for step in range(new):
            z = self.logits(h).float()
            if temperature > 0:
                token = torch.multinomial(F.softmax(z / temperature, -1), 1, generator=generator)[:, 0]
            else:
                token = z.argmax(-1)
            token = torch.where(alive, token, self.prefix.stop)
            out[:, step] = token
            alive = alive & (token != self.prefix.stop)
            if step == new - 1 or step % 8 == 7 and not alive.any():
                break
            x = m.embed_tokens.weight[token].to(self.dtype)[:, None]
            cos, sin = rotary((base + length + step)[:, None], hd, self.theta)
            ok = ok | (col == P + T + step)
            mask = torch.where(ok, 0.0, MASKED).to(self.dtype)[:, None, None]
            for i, layer in enumerate(m.layers):
                w = weights_of(layer)
                q, k, v = projections(x, w, cos, sin, hd, self.eps)
                keys[i][:, :, P + T + step] = k[:, :, 0]
                values[i][:, :, P + T + step] = v[:, :, 0]
                a = F.scaled_dot_product_attention(q, spread(keys[i], H), spread(values[i], H), attn_mask=mask)
                x = feed(x, a, w, self.eps)
            h = rms(x, m.norm.weight, self.eps)[:, 0]
        return out


def attention_loss(q, k, bias, head, first, cells, weight, scale):
    """Cross-entropy of where one head looks. q [B, S, hd], k [B, P + S, hd], cells [B, S, n] the wanted share of each feature from position first on
    (rows sum to 1 or are empty), weight [B, S]. Returns the weighted mean of -log(mass on the wanted cells), and the share of cases in which the cell looked at
    most is a wanted one."""
    z = torch.matmul(q, k.transpose(1, 2)).float() * scale + bias[:, 0].float()
    n = cells.shape[-1]
    logz = torch.logsumexp(z, -1)
    zc = z[:, :, first : first + n]
    inside = torch.logsumexp(zc + torch.log(cells.clamp_min(1e-6)), -1)
    loss = (logz - inside) * weight
    hit = torch.gather(cells, 2, zc.argmax(-1, keepdim=True))[..., 0] > 0.05
    total = weight.sum().clamp_min(1.0)
    return loss.sum() / total, (hit * (weight > 0)).sum() / (weight > 0).sum().clamp_min(1)


def scale_of(hd):
    return 1 / math.sqrt(hd)
