"""The losses of training from scratch: the answer's tokens, and aids that only training has.

A model that starts from nothing does not find the way from words to pixels by itself in the time that a plain machine has
(docs/training.md has the measurements). So every stage of that way gets a loss of its own:

  cells      what the towers see: category and colour of each patch; category, colour, place in the world and size of the object in each cell, and the
             decimals of its point, so that an answer can be copied from where the model looks
  anchors    where one head looks at the words that name a thing on the way to the answer, in early layers (one for each level of nesting),
             and the decimals of that thing's point behind that layer
  target     where one head looks while the answer is written, in a later layer

Nothing of this is in the model that ships.
"""

import torch
from torch import nn
from torch.nn import functional as F

from packed import attention_loss, scale_of
from shards import D1, D2, D3, FAR, FORM, OBJECTS, RANKS, TABLE, WORD

# Weights of the answer's tokens by kind (shards.NONE … WORD).
TOKEN_WEIGHTS = {FORM: 0.05, D1: 1.0, D2: 1.0, D3: 0.05, WORD: 0.15}


class Aids(nn.Module):
    """The heads that only training has. led: the layers whose attention is led, in layers_to_watch's order; none: those that it chooses."""

    def __init__(self, cfg, labels, led=()):
        super().__init__()
        if led and (len(led) != RANKS + 1 or not all(0 <= i < cfg.decoder.layers for i in led)):
            raise ValueError(f"attention led in layers {list(led)} (want {RANKS + 1} of 0 to {cfg.decoder.layers - 1}: one for each rank of anchors, one for the answer)")
        self.watched = (list(led[:RANKS]), led[RANKS]) if led else layers_to_watch(cfg.decoder.layers)
        h = cfg.decoder.hidden
        self.names, self.colors = labels.sizes
        out = self.names + self.colors + 40 + 3 + 4
        self.rgb_patch = nn.Linear(cfg.vision.hidden, self.names + self.colors)
        self.rgb_cell = nn.Sequential(nn.LayerNorm(h), nn.Linear(h, out))
        self.depth_cell = nn.Sequential(nn.LayerNorm(h), nn.Linear(h, out))
        self.anchor = nn.ModuleList([nn.Sequential(nn.LayerNorm(h), nn.Linear(h, 40)) for _ in range(RANKS)])


def layers_to_watch(n):
    """The layers whose attention is led: one for each rank of anchors, and one for the answer. At least one layer comes after it where there are four."""
    answer = max(n - 3, min(n - 1, RANKS))
    return [min(max(1, n // 4) + r, answer) for r in range(RANKS)], answer


def decimals(points):
    """The first two decimals of x and y, [..., 4]."""
    k = (points.float().clamp(0, 0.999) * 1000).round().clamp(0, 999).long()
    return torch.stack([k[..., 0] // 100, k[..., 0] // 10 % 10, k[..., 1] // 100, k[..., 1] // 10 % 10], -1)


def decimals_loss(z, points, weight):
    """Cross-entropy of 40 logits for four decimals; z [..., 40], points [..., 2], weight [...]."""
    ce = F.cross_entropy(z.float().reshape(-1, 10), decimals(points).reshape(-1), reduction="none").view(*weight.shape, 4).mean(-1)
    return (ce * weight).sum() / weight.sum().clamp_min(1)


def weighted_ce(z, target, weight):
    ce = F.cross_entropy(z.float().reshape(-1, z.shape[-1]), target.reshape(-1), reduction="none").view(target.shape)
    return (ce * weight).sum() / weight.sum().clamp_min(1)


class Truth:
    """What is in each cell of a batch, mirrored where the row is."""

    def __init__(self, b, cfg):
        g = int(cfg.tokens_per_tile**0.5)
        n = b["cells"].shape[0]
        flip = b["mirror"].bool()
        turn = lambda a, side: torch.where(flip.view(-1, *[1] * (a.dim() - 1)), a.view(n, side, side, *a.shape[2:]).flip(2).reshape(a.shape), a)
        cells, patches = turn(b["cells"].long(), g), turn(b["patches"].long(), cfg.grid)
        self.object = cells < OBJECTS
        k = cells.clamp_max(OBJECTS - 1)
        pick = lambda a, i: torch.gather(a.long(), 1, i)
        far = torch.where(cells == TABLE, 1, 0)
        self.name = torch.where(self.object, pick(b["name"], k), far)
        self.color = torch.where(self.object, pick(b["color"], k), far)
        kp = patches.clamp_max(OBJECTS - 1)
        self.patch_object = patches < OBJECTS
        farp = torch.where(patches == TABLE, 1, 0)
        self.patch_name = torch.where(self.patch_object, pick(b["name"], kp), farp)
        self.patch_color = torch.where(self.patch_object, pick(b["color"], kp), farp)
        sign = torch.where(flip, -1.0, 1.0)[:, None]
        wide = lambda a: torch.gather(a.float(), 1, k[..., None].expand(-1, -1, a.shape[-1]))
        point = wide(b["point"])
        point = torch.stack([torch.where(flip[:, None], 1 - point[..., 0], point[..., 0]), point[..., 1]], -1)
        c = (torch.arange(g, device=cells.device) + 0.5) / g
        own = torch.stack([c[None].expand(g, g), c[:, None].expand(g, g)], -1).reshape(1, g * g, 2)
        self.point = torch.where(self.object[..., None], point, own)
        place = torch.where(self.object[..., None], wide(b["place"]), turn(b["ground"], g).float())
        self.place = torch.stack([place[..., 0] * sign, place[..., 1] - 1, place[..., 2]], -1) * 2
        self.placed = torch.isfinite(self.place).all(-1) & (cells != FAR)
        self.place = torch.nan_to_num(self.place, 0.0, 0.0, 0.0)
        self.shape = wide(b["shape"])


def cell_losses(aids, z, truth, names, colors):
    """The losses of one tower's projected features, z [B, cells, …]."""
    w = torch.where(truth.object, 1.0, 0.08)
    o = truth.object.float()
    a, c, d, p, s = z.float().split([names, colors, 40, 3, 4], -1)
    out = {
        "name": weighted_ce(a, truth.name, w),
        "color": weighted_ce(c, truth.color, w),
        "decimals": decimals_loss(d, truth.point, torch.where(truth.object, 1.0, 0.15)),
        "place": (F.smooth_l1_loss(p, truth.place, reduction="none").sum(-1) * truth.placed).sum() / truth.placed.sum().clamp_min(1),
        "shape": (F.smooth_l1_loss(s, truth.shape, reduction="none").sum(-1) * o).sum() / o.sum().clamp_min(1),
    }
    with torch.no_grad():
        n = o.sum().clamp_min(1)
        out["name_right"] = ((a.argmax(-1) == truth.name) * o).sum() / n
        out["color_right"] = ((c.argmax(-1) == truth.color) * o).sum() / n
    return out


def jitter(rgb, generator=None):
    """Small changes of exposure, contrast and white balance: u8 [B, 3, s, s] -> float 0…255."""
    B = rgb.shape[0]
    r = lambda lo, hi, *shape: torch.empty(B, *shape, 1, 1, device=rgb.device).uniform_(lo, hi, generator=generator)
    x = rgb.float() * r(0.85, 1.15, 1) * r(0.95, 1.05, 3)
    mean = x.mean((1, 2, 3), keepdim=True)
    return ((x - mean) * r(0.85, 1.15, 1) + mean + r(-6, 6, 1)).clamp(0, 255)


def pictures(b, augment):
    """The pictures of a batch, mirrored where the row is."""
    flip = b["mirror"].bool()
    rgb = torch.where(flip[:, None, None, None], b["rgb"].flip(3), b["rgb"])
    disparity = torch.where(flip[:, None, None], b["disparity"].flip(2), b["disparity"])
    return (jitter(rgb) if augment else rgb), disparity


def dense(run, aids, b, weights, augment=True):
    """Losses of what the towers see. Returns the features for the decoder, the sum, and the parts."""
    rgb, disparity = pictures(b, augment)
    patches, image, _, depth = run.see(rgb, disparity)
    truth = Truth(b, run.model.cfg)
    names, colors = aids.names, aids.colors
    a, c = aids.rgb_patch(patches.float()).split([names, colors], -1)
    w = torch.where(truth.patch_object, 1.0, 0.05)
    parts = {"patch": weighted_ce(a, truth.patch_name, w) + weighted_ce(c, truth.patch_color, w)}
    for k, v in cell_losses(aids, aids.rgb_cell(image.float()), truth, names, colors).items():
        parts["rgb_" + k] = v
    for k, v in cell_losses(aids, aids.depth_cell(depth.float()), truth, names, colors).items():
        parts["depth_" + k] = v
    of = lambda t: (parts[t + "_name"] + parts[t + "_color"] * (1 if t == "rgb" else 0.1) + parts[t + "_decimals"] + 2 * parts[t + "_place"] + parts[t + "_shape"])
    total = weights["patch"] * parts["patch"] + weights["cells"] * (of("rgb") + 0.5 * of("depth"))
    return image, depth, total, parts


def gather_led(led, most):
    """Positions of led tokens in each row, padded: index [B, most], which are real [B, most], their places [B, most]."""
    on = led != 255
    order = torch.argsort((~on).to(torch.uint8), dim=1, stable=True)[:, :most]
    return order, torch.gather(on, 1, order), torch.gather(led.long(), 1, order)


def supervised(run, aids, b, weights, with_depth, augment=True):
    """All losses of one batch of packed rows. Returns the sum and its parts (tensors)."""
    model, cfg = run.model, run.model.cfg
    image, depth, total, parts = dense(run, aids, b, weights, augment)
    pre = run.begin(image, depth)
    anchors, answer = aids.watched
    h, seen, bias = run.run(pre, b["ids"], b["segment"].long(), b["offset"], with_depth, {*anchors, answer})

    # The answer: each position predicts the next token.
    kind = b["kind"].long()
    at = (kind > 0).flatten().nonzero()[:, 0]
    after = torch.cat([b["ids"][:, 1:], b["ids"][:, :1]], 1).long().flatten()[at]
    kinds = kind.flatten()[at]
    ce = F.cross_entropy(run.logits(h.flatten(0, 1)[at]).float(), after, reduction="none")
    table = torch.zeros(8, device=ce.device)
    for k, v in TOKEN_WEIGHTS.items():
        table[k] = v
    w = table[kinds]
    parts["answer"] = (ce * w).sum() / w.sum().clamp_min(1)
    for name, k in (("d1", D1), ("d2", D2), ("form", FORM), ("words", WORD)):
        on = kinds == k
        parts[name] = (ce.detach() * on).sum() / on.sum().clamp_min(1)
    total = total + weights["answer"] * parts["answer"]

    # Where the model looks.
    p, scale, cells = run.prefix, scale_of(run.hd), b["targets"]
    for r in range(RANKS + 1):
        layer = answer if r == RANKS else anchors[r]
        x, q, k = seen[layer]
        most = x.shape[1] if r == RANKS else (48, 24, 12)[r]
        index, on, place = gather_led(b["led"][:, r], most)
        place = place.clamp_max(cells.shape[1] - 1)
        want = torch.gather(cells, 1, place[..., None].expand(-1, -1, cells.shape[2])).to(run.dtype) / 255
        take = lambda z: torch.gather(z, 1, index[..., None].expand(-1, -1, z.shape[-1]))
        some = torch.gather(bias, 2, index[:, None, :, None].expand(-1, -1, -1, bias.shape[-1]))
        name = "target" if r == RANKS else f"anchor{r}"
        rgb_loss, right = attention_loss(take(q[:, 0]), k[:, 0], some, 0, p.image, want, on.float(), scale)
        seeing = on & with_depth[:, None]
        depth_loss, _ = attention_loss(take(q[:, 1]), k[:, 0], some, 1, p.depth, want, seeing.float(), scale)
        loss = rgb_loss + 0.5 * depth_loss
        parts[name], parts[name + "_right"] = rgb_loss, right
        if r < RANKS:
            spots = torch.gather(b["spots"].float(), 1, place[..., None].expand(-1, -1, 2))
            told = decimals_loss(aids.anchor[r](take(x).float()), spots, on.float())
            parts[name + "_decimals"] = told
            loss = loss + told
            total = total + weights["anchors"] * loss * (1.0, 0.3, 0.1)[r]
        else:
            total = total + weights["target"] * loss
    return total, parts
