"""Muon for matrices, AdamW for the rest.

Muon (Keller Jordan, 2024): the momentum of a matrix is brought near to the closest orthogonal one by five Newton-Schulz steps. On this task it was
ahead of AdamW at equal time (docs/training.md). Matrices of one shape are handled together.
"""

import torch


def orthogonal(x):
    """x [n, r, c] with r ≤ c -> about U Vᵀ of its singular value decomposition."""
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(5):
        a = x @ x.transpose(1, 2)
        x = 3.4445 * x + (-4.775 * a + 2.0315 * a @ a) @ x
    return x


class Muon(torch.optim.Optimizer):
    """params: tensors with two or more dimensions; more than two are flattened to [first, rest]."""

    def __init__(self, params, lr=0.02, momentum=0.95, weight_decay=0.01):
        super().__init__(params, dict(lr=lr, momentum=momentum, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            shapes = {}
            for p in group["params"]:
                if p.grad is not None:
                    shapes.setdefault((p.shape[0], p[0].numel()), []).append(p)
            for (r, c), ps in shapes.items():
                g = torch.stack([p.grad.reshape(r, c) for p in ps])
                for p in ps:
                    if "momentum" not in self.state[p]:
                        self.state[p]["momentum"] = torch.zeros(r, c, device=p.device, dtype=p.dtype)
                m = [self.state[p]["momentum"] for p in ps]
                torch._foreach_mul_(m, group["momentum"])
                torch._foreach_add_(m, list(g))
                u = g + group["momentum"] * torch.stack(m)
                u = u.bfloat16() if u.is_cuda else u
                u = orthogonal(u.transpose(1, 2)).transpose(1, 2) if r > c else orthogonal(u)
                u = u.to(ps[0].dtype) * (-group["lr"] * max(1, r / c) ** 0.5)
                torch._foreach_mul_(ps, 1 - group["lr"] * group["weight_decay"])
                torch._foreach_add_(ps, [d.reshape(p.shape) for d, p in zip(u, ps)])


def build(model, aids, muon=0.02, adam=2e-3, weight_decay=0.01):
    """The optimizers of a training from scratch: matrices inside the model by Muon; embeddings, positions, biases, norms and the training heads by AdamW."""
    matrix, rest = [], []
    for name, p in model.named_parameters():
        if p.requires_grad:
            inner = p.dim() >= 2 and not any(s in name for s in ("embed_tokens", "lm_head", "position", "positions"))
            (matrix if inner else rest).append(p)
    rest += [p for p in aids.parameters() if p.requires_grad] if aids is not None else []
    fused = bool(rest) and rest[0].is_cuda
    return [
        Muon(matrix, lr=muon, weight_decay=weight_decay),
        torch.optim.AdamW(rest, lr=adam, betas=(0.9, 0.98), weight_decay=0.0, fused=fused),
    ]
