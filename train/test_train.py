"""Tests of the trainer on made-up pictures: `make train-test`, or pytest train/test_train.py. A few seconds, no GPU, no simulator."""

import copy
import io
import json
import os
import resource

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import torch
from PIL import Image
from tokenizers import Tokenizer

import check_llava
import evaluate
import losses
import model as roborefer
import preprocess
import rewards
import shards
import train
from packed import Packed, Prefix
from shards import Labels, Packer, ShardError, mask_of, mirrored, read_picture, read_shard
from store import Store

HERE = os.path.dirname(os.path.abspath(__file__))
SIZE = 48
MODEL = {
    "name": "test", "tile_size": SIZE, "max_tiles": 1, "thumbnail": False, "projector": "mlp_downsample",
    "vision": {"hidden": 32, "layers": 1, "heads": 2, "mlp": 64, "patch": 8, "stem": "conv", "stem_layers": [[16, 2], [16, 2], [16, 1], [32, 2]]},
    "depth": {"hidden": 32, "layers": 1, "heads": 1, "mlp": 32, "patch": 8, "stem": "conv"},
    "decoder": {"hidden": 32, "layers": 4, "heads": 2, "kv_heads": 1, "head_dim": 16, "mlp": 64, "rope_theta": 10000.0, "tied": True},
    "suffix": "", "max_context": 512, "max_new_tokens": 16,
}  # fmt: skip
LABELS = Labels(["bowl", "mug"], ["blue", "red"])


def runs(mask):
    out, last, n = [], False, 0
    for v in mask.ravel():
        if v != last:
            out.append(n)
            last, n = v, 0
        n += 1
    return [*out, n]


def row(seed, size=SIZE):
    """A row of a shard: two coloured boxes on a table, a location question with an anchor and a placement question."""
    rng = np.random.default_rng(seed)
    rgb = np.full((size, size, 3), 120, np.uint8)
    ids = np.zeros((size, size), np.uint8)
    ids[size // 3 :] = 255
    x = rng.integers(4, size // 2 - 12), rng.integers(size // 2, size - 12)
    y = rng.integers(size // 3, size - 12, 2)
    objects, colors = [], [("red", (200, 30, 30)), ("blue", (30, 30, 200))]
    for k in range(2):
        ids[y[k] : y[k] + 8, x[k] : x[k] + 8] = k + 1
        rgb[y[k] : y[k] + 8, x[k] : x[k] + 8] = colors[k][1]
        point = [round((x[k] + 4.5) / size, 3), round((y[k] + 4.5) / size, 3)]
        objects.append({"id": k + 1, "name": ("mug", "bowl")[k], "names": ["mug"], "color": colors[k][0], "box": None, "pixels": 64, "point": point,
                        "position": [0.4, 0.1, 0.05], "size": [0.1, 0.1, 0.1], "on": 0})  # fmt: skip
    place = np.zeros((size, size), bool)
    place[size - 8 :, : size // 2] = True
    trace = [{"kind": "Position", "target": "the blue bowl", "value": objects[1]["point"], "objects": [2], "span": [25, 38, 38], "line": ""},
             {"kind": "Orientation", "target": "to the left of the blue bowl", "value": [-1, 0, 0], "objects": [2], "line": ""}]  # fmt: skip
    questions = [
        {"kind": "location", "text": "Point to the mug left of the blue bowl.", "steps": 2, "relations": ["left"], "split": "seen", "target": 1,
         "mask": runs(ids == 1), "points": [objects[0]["point"]], "trace": trace},
        {"kind": "placement", "text": "Find an empty spot in the near left corner of the table.", "steps": 1, "relations": ["corner"], "split": "unseen", "target": 0,
         "mask": runs(place), "points": [[0.25, 0.917]], "trace": [{"kind": "Position", "target": "the near left corner of the table", "value": [0.1, 0.99], "objects": [], "span": [22, 54, 54], "line": ""}]},
    ]  # fmt: skip
    png = io.BytesIO()
    Image.fromarray(rgb).save(png, "png")
    depth = np.full((size, size), 1000, "<u2")
    return {
        "id": f"easy-{seed}-0", "level": "easy", "width": size, "height": size, "rgb_format": "png", "rgb": png.getvalue(),
        "disparity": np.tile(np.linspace(0, 255, size).astype(np.uint8)[:, None], (1, size)).tobytes(), "depth": depth.tobytes(), "ids": ids.tobytes(),
        "camera": json.dumps({"width": size, "height": size, "fx": 60, "fy": 60, "cx": size / 2, "cy": size / 2, "eye": [0, 0, 1], "quat": [0, 1, 0, 0]}),
        "objects": json.dumps(objects), "questions": json.dumps(questions),
    }  # fmt: skip


def write_shards(folder, n=2, pictures=6, size=SIZE):
    os.makedirs(folder, exist_ok=True)
    for s in range(n):
        table = pyarrow.Table.from_pylist([row(100 * s + i, size) for i in range(pictures)])
        pyarrow.parquet.write_table(table, os.path.join(folder, f"shard-{s:05}.parquet"))
    return folder


@pytest.fixture(scope="module")
def kit():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    tokenizer = Tokenizer.from_file(os.path.join(HERE, "tiny", "tokenizer.json"))
    cfg = train.model_config(MODEL, tokenizer)
    m = roborefer.RoboRefer(cfg, place_codes=True)
    train.initialise(m, cfg)
    with torch.no_grad():  # a network that says different things to different questions
        for p in m.parameters():
            p.add_(torch.randn_like(p) * 0.05)
    prefix = Prefix(cfg, tokenizer)
    return cfg, tokenizer, m.eval(), prefix


def packer(kit, **options):
    cfg, tokenizer, _, prefix = kit
    return Packer(cfg, tokenizer, prefix, LABELS, **{"text": 256, "rows": 2, **options})


def batch(kit, row, pictures=4, **options):
    """All fields of one row of some pictures."""
    p = packer(kit, **options)
    s = Store(p, pictures, "cpu")
    s.add(p.pack([read_picture(globals()["row"](i)) for i in range(pictures)], 1))
    rows = ("ids", "segment", "offset", "kind", "led", "targets", "spots", "mirror")
    return {k: a[:, row] if k in rows else a for k, a in s.fields.items()}


@pytest.mark.parametrize("depth", [True, False])
def test_packed_is_the_model(kit, depth):
    """The logits of packed rows are those of the stock model on one sequence after the other."""
    cfg, tokenizer, m, prefix = kit
    b = batch(kit, 0)
    run = Packed(m, prefix)
    see = torch.full((4,), depth)
    with torch.no_grad():
        _, image, _, d = run._see(b["rgb"], b["disparity"])
        h, _, _ = run.run(run.begin(image, d), b["ids"], b["segment"].long(), b["offset"], see)
        got = run.logits(h)
        for i in range(4):
            for s in range(int(b["segment"][i][b["segment"][i] < 255].max()) + 1):
                on = b["segment"][i] == s
                ids = b["ids"][i][on].tolist()
                px = b["rgb"][i : i + 1].float() / 127.5 - 1
                dpx = (b["disparity"][i : i + 1, None].float() / 127.5 - 1).expand(-1, 3, -1, -1)
                text = tokenizer.decode(ids, skip_special_tokens=False)
                question = text[: text.index("<|im_end|>")]
                head = tokenizer.encode(preprocess.prompt(question, 1, int(depth), cfg), add_special_tokens=False).ids
                whole = head + ids[len(tokenizer.encode(question).ids) + len(prefix.end) :]
                x, mask = m.embed([whole], [m.image_features(px)], [m.depth_features(dpx)] if depth else None)
                want = m.llm(inputs_embeds=x, attention_mask=mask).logits[0, -len(ids) :]
                torch.testing.assert_close(got[i][on], want, rtol=1e-3, atol=2e-3)


@pytest.mark.parametrize("depth", [True, False])
def test_batched_answers_are_the_models(kit, depth):
    cfg, tokenizer, m, prefix = kit
    pictures = [read_picture(row(i)) for i in range(3)]
    examiner = evaluate.Examiner(Packed(m, prefix), tokenizer, "cpu", 4)
    asked = [(i, q["text"]) for i, p in enumerate(pictures) for q in p["questions"]]
    _, got = examiner.answers(examiner.features(pictures), asked, depth, 12)
    p = preprocess.Processor(cfg, tokenizer)
    for (i, text), ids in zip(asked, got):
        d = Image.fromarray(pictures[i]["disparity"]) if depth else None
        assert m.answer(p(Image.fromarray(pictures[i]["rgb"]), text, d), 12) == ids


def test_rows_say_what_the_questions_say(kit):
    """What is packed decodes to the question and its answer, and attention is led to the words that name the anchor and to the answer."""
    _, tokenizer, _, prefix = kit
    for flip in (0, 1):
        b = batch(kit, flip, reasoning=0.0, suffixed=0.0)
        q = read_picture(row(0))["questions"]
        texts = [tokenizer.decode(b["ids"][0][b["segment"][0] == s].tolist(), skip_special_tokens=False) for s in (0, 1)]
        x, y = q[0]["points"][0]
        want = mirrored(q[0]["text"]) if flip else q[0]["text"]
        assert f"{want}<|im_end|>\n<|im_start|>assistant\n[({1 - x if flip else x:.3f}, {y:.3f})]<|im_end|>" in texts
        led = b["led"][0, 0]
        at = (led != 255).nonzero()[:, 0].tolist()
        words = [tokenizer.decode([int(b["ids"][0, t])]) for t in at]
        assert sorted(words) == [" bowl", " table"]
        for t in at:
            spot = b["spots"][0, int(led[t])].tolist()
            if tokenizer.decode([int(b["ids"][0, t])]) == " bowl":
                bx, by = read_picture(row(0))["objects"][1]["point"]
                assert abs(spot[0] - (1 - bx if flip else bx)) < 1e-3 and abs(spot[1] - by) < 1e-3
        answers = (b["led"][0, shards.RANKS] != 255).sum()  # where the answer is predicted, and the words between instruction and answer
        assert answers == (b["kind"][0] > 0).sum() + 2 * (len(prefix.end) - 1)
        kinds = b["kind"][0][b["segment"][0] == 0].tolist()
        assert [kinds.count(k) for k in (shards.D1, shards.D2, shards.D3)] == [2, 2, 2]


def test_thoughts_are_led_too(kit):
    """With reasoning, attention is led to the anchor while its position is written, and to the target in the answer; only numbers of points count as decimals."""
    _, tokenizer, _, _ = kit
    b = batch(kit, 0, reasoning=1.0, suffixed=0.0)
    q = read_picture(row(0))["questions"][0]
    led, seen = b["led"][0, shards.RANKS], {}
    s = [k for k in range(2) if "Orientation" in tokenizer.decode(b["ids"][0][b["segment"][0] == k].tolist())][0]
    for t in ((led != 255) & (b["segment"][0] == s)).nonzero()[:, 0].tolist():
        seen.setdefault(tuple(round(v, 3) for v in b["spots"][0, int(led[t])].float().tolist()), []).append(int(b["ids"][0, t + 1]))
    said = {tuple(round(v, 2) for v in k): tokenizer.decode(v, skip_special_tokens=False) for k, v in seen.items()}
    bowl, mug = q["trace"][0]["value"], q["points"][0]
    assert said[tuple(round(v, 2) for v in bowl)] == f" [({bowl[0]:.3f}, {bowl[1]:.3f})]\n"
    assert said[tuple(round(v, 2) for v in mug)] == f">[({mug[0]:.3f}, {mug[1]:.3f})]</answer><|im_end|>"
    kinds = b["kind"][0][b["segment"][0] == s].tolist()
    assert [kinds.count(k) for k in (shards.D1, shards.D2, shards.D3)] == [4, 4, 4]


def test_truth_is_where_things_are(kit):
    """The cells that carry an object's name are those it is seen in, mirrored like the picture; targets agree with them."""
    for flip in (0, 1):
        b = batch(kit, flip)
        t = losses.Truth(b, kit[0])
        rgb, _ = losses.pictures(b, False)
        g = int(kit[0].tokens_per_tile**0.5)
        red = (rgb[:, 0].int() - rgb[:, 2].int() > 60).float().reshape(4, g, SIZE // g, g, SIZE // g).mean((2, 4)).reshape(4, -1)
        is_red = t.object & (t.color == LABELS.color["red"])
        assert ((red > 0.3) <= is_red).all() and (is_red <= (red > 0.03)).all()
        for i in range(4):
            place = int(b["led"][i, shards.RANKS][b["led"][i, shards.RANKS] != 255].max())
            for k in range(place + 1):
                x, y = b["spots"][i, k].tolist()
                assert b["targets"][i, k].reshape(g, g)[min(g - 1, int(y * g)), min(g - 1, int(x * g))] > 0
        # the point that object cells carry is the object's, in the mirrored picture
        x, y = t.point[0][is_red[0]][0].tolist()
        assert rgb[0, 0, int(y * SIZE), int(x * SIZE)] > 150


def test_mirror_words():
    for text, want in [
        ("the leftmost mug to the right of the bowl", "the rightmost mug to the left of the bowl"),
        ("at a right angle to the pen, right outside the bowl", "at a right angle to the pen, right outside the bowl"),
        ("right by the left edge of the table", "right by the right edge of the table"),
    ]:
        assert mirrored(text) == want


def test_reference_answers_are_right():
    for i in range(5):
        for q in read_picture(row(i))["questions"]:
            mask = mask_of(q, SIZE, SIZE)
            answer = shards.coordinates(q["points"])
            assert evaluate.score(answer, mask) == 1
            thought = shards.reasoning_text(q["trace"], answer, False)
            assert evaluate.score(thought, mask, True) == 1 and evaluate.score(thought, mask) == 0
            assert rewards.rewards(thought, q["points"][0], q["trace"]) == (1, 1, 1, 1)


@pytest.mark.parametrize("text, want", [
    ("<think>Step1: [Position] [the bowl]: [(0.500, 0.500)]</think><answer>[(0.200, 0.300)]</answer>", (1, 1, 1, 1)),
    ("<think>[Position] [the bowl]: [(0.540, 0.511)]</think><answer>[(0.226, 0.326)]</answer>", (1, 1, 1, 1)),  # 0.051 and 0.052 away: within 50 / 960
    ("<think>Step1: [Position] [the bowl]: [(0.540, 0.515)]</think><answer>[(0.227, 0.326)]</answer>", (1, 0, 1, 0)),
    ("<think>Step1: [Position] [the mug]: [(0.500, 0.500)]\nwell</think><answer>[(0.200, 0.300)]</answer>", (1, 1, 0.5, 0)),
    ("<think>Step1: [Orientation] [x]: (1, 0, 0)</think><answer>[(0.2, 0.3)]</answer>", (0, 0, 0, 0)),
    ("[(0.200, 0.300)]", (0, 1, 0, 0)),
    ("", (0, 0, 0, 0)),
])  # fmt: skip
def test_rewards(text, want):
    trace = [{"kind": "Position", "target": "the bowl", "value": [0.5, 0.5]}]
    assert rewards.rewards(text, (0.2, 0.3), trace) == pytest.approx(want)


def test_rewards_of_directions_and_sizes():
    trace = [{"kind": "Orientation", "target": "left", "value": [-1, 0, 0]}, {"kind": "Size", "target": "the mug", "value": [0.1]}]
    say = lambda a, b: f"<think>{b}\n{a}</think><answer>[(0.200, 0.300)]</answer>"  # in any order
    assert rewards.rewards(say("[Orientation] [left]: (-0.900, 0.300, 0.000)", "[Size] [the mug]: 0.114"), (0.2, 0.3), trace)[3] == 1
    assert rewards.rewards(say("[Orientation] [left]: (-0.600, 0.800, 0.000)", "[Size] [the mug]: 0.116"), (0.2, 0.3), trace)[3] == 0


def config(tmp_path, **changes):
    c = {
        "name": "test", "tokenizer": os.path.join(HERE, "tiny", "tokenizer.json"), "labels": str(tmp_path / "labels.json"), "model": MODEL, "batch": 4,
        "text": 256, "rows": 2, "capacity": 64, "wait": 12, "muon": 0.02, "adam": 0.002, "validate_pictures": 4,
        "stages": [{"name": "towers", "steps": 2}, {"name": "align", "steps": 1}, {"name": "sft", "steps": 3}, {"name": "grpo", "steps": 1, "batch": 4}],
        "grpo": {"pictures": 6, "new": 40, "group": 4}, **changes,
    }  # fmt: skip
    (tmp_path / "labels.json").write_text(json.dumps({"names": LABELS.names, "colors": LABELS.colors}))
    (tmp_path / "run.json").write_text(json.dumps(c))
    return str(tmp_path / "run.json")


def start(tmp_path, **changes):
    data = write_shards(str(tmp_path / "data"))
    return train.Trainer(train.Run.load(config(tmp_path, **changes)), [data], [data], str(tmp_path / "out"), "cpu", log=lambda s: None)


def test_all_stages_and_a_resumed_run(tmp_path):
    t = start(tmp_path)
    kinds = [m["kind"] for m in t.train()]
    assert {"train", "validate", "grpo"} <= set(kinds)
    loaded = roborefer.load(str(tmp_path / "out" / "model"))
    for a, b in zip(loaded.state_dict().values(), t.model.state_dict().values()):
        assert a.dtype.is_floating_point is False or torch.equal(a, b)
    again = start(tmp_path)
    assert again.state["stage"] == 4 and again.state["total"] == t.state["total"]
    with pytest.raises(ValueError, match="another decoder"):
        start(tmp_path, model={**MODEL, "decoder": {**MODEL["decoder"], "mlp": 96}})
    other = json.load(open(os.path.join(HERE, "tiny", "tokenizer.json")))
    other["added_tokens"][0]["single_word"] = True
    (tmp_path / "other.json").write_text(json.dumps(other))
    with pytest.raises(ValueError, match="another vocabulary"):
        start(tmp_path, tokenizer=str(tmp_path / "other.json"))


def test_begin_with_another_models_weights(tmp_path):
    """A shallower model takes the layers that it names, and says so when the file is of another model."""
    first = start(tmp_path, stages=[{"name": "sft", "steps": 1}])
    first.train()
    file = str(tmp_path / "out" / "sft.safetensors")
    shallow = {**MODEL, "decoder": {**MODEL["decoder"], "layers": 3}}

    def begin(**changes):
        run = train.Run.load(config(tmp_path, stages=[{"name": "sft", "steps": 1}], **changes))
        return train.Trainer(run, [str(tmp_path / "data")], [], str(tmp_path / "next"), "cpu", log=lambda s: None, begin=file)

    second = begin(model=shallow, begin_layers=[0, 1, 3], led=[1, 1, 1, 2])
    assert second.aids.watched == ([1, 1, 1], 2)
    for mine, its in ((0, 0), (1, 1), (2, 3)):
        a, b = (m.llm.model.layers[i].mlp.up_proj.weight for m, i in ((second.model, mine), (first.model, its)))
        assert torch.equal(a, b.half().float())
    second.train()
    for changes, message in (({"model": shallow}, "of another model"), ({"model": shallow, "begin_layers": [0, 1, 4]}, "of another model"), ({"led": [0, 1]}, "one for the answer")):
        with pytest.raises(ValueError, match=message):
            begin(**changes)


def test_two_runs_are_the_same(tmp_path):
    stages = [{"name": "sft", "steps": 3}]
    a = [m["answer"] for m in start(tmp_path / "a", stages=stages).train() if m["kind"] == "train"] if (tmp_path / "a").mkdir() is None else 0
    b = [m["answer"] for m in start(tmp_path / "b", stages=stages).train() if m["kind"] == "train"] if (tmp_path / "b").mkdir() is None else 0
    assert a == b


def test_it_learns(tmp_path):
    """A few dozen steps on twelve pictures: all losses fall."""
    t = start(tmp_path, stages=[{"name": "sft", "steps": 60}], reasoning=0.0, suffixed=0.0)
    b0 = t.loader.wait(12, 5) or t.store.batch(12, torch.Generator().manual_seed(3))
    see = torch.ones(12, dtype=torch.bool)
    with torch.no_grad():
        _, before = losses.supervised(t.packed, t.aids, b0, train.DEFAULT_WEIGHTS, see, augment=False)
    t.train()
    t.model.eval()
    with torch.no_grad():
        _, after = losses.supervised(t.packed, t.aids, b0, train.DEFAULT_WEIGHTS, see, augment=False)
    for k in ("answer", "target", "anchor0", "rgb_name", "rgb_color", "rgb_decimals", "anchor0_decimals"):
        assert after[k] < 0.8 * before[k], (k, float(before[k]), float(after[k]))


def test_bad_shards(tmp_path):
    data = write_shards(str(tmp_path / "data"), 1)
    path = os.path.join(data, "shard-00000.parquet")
    whole = open(path, "rb").read()
    open(path, "wb").write(whole[: len(whole) // 2])
    with pytest.raises(ShardError, match="not a whole Parquet file"):
        read_shard(path)
    broken = row(0)
    broken["disparity"] = broken["disparity"][:-1]
    with pytest.raises(ShardError, match="disparity has 2303 values"):
        read_picture(broken)
    broken = row(0)
    broken["objects"] = "{"
    with pytest.raises(ShardError, match="easy-0-0"):
        read_picture(broken)
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist([{"id": "x"}]), path)
    with pytest.raises(ShardError, match="no column 'width'"):
        read_shard(path)


def test_bad_run_files(tmp_path):
    for change, want in [
        ({"steps": 3}, "unknown key 'steps'"),
        ({"stages": [{"name": "rest", "steps": 1}]}, "stage 'rest'"),
        ({"stages": [{"name": "sft"}]}, "want one of them"),
        ({"stages": [{"name": "sft", "steps": 1, "weights": {"x": 1}}]}, "weight 'x'"),
    ]:
        with pytest.raises(ValueError, match=want):
            train.Run.load(config(tmp_path, **change))


def test_disk_full(tmp_path):
    """A write that fails leaves the state before it, and nothing half written."""
    t = start(tmp_path, stages=[{"name": "towers", "steps": 1}])
    t.train()
    state = str(tmp_path / "out" / "state.pt")
    before = open(state, "rb").read()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    import signal

    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limit[1]))
    try:
        with pytest.raises(OSError, match="could not save"):
            t.save()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, old)
    assert open(state, "rb").read() == before
    assert not [f for f in os.listdir(tmp_path / "out") if f.endswith(".part")]


def test_answers_are_judged_strictly():
    mask = np.zeros((10, 10), bool)
    mask[:, :5] = True
    for text, want in [
        ("[(0.100, 0.100)]", 1), ("[(0.100, 0.100), (0.900, 0.100)]", 0.5), ("[(0.900, 0.100)]", 0), ("(0.100, 0.100)", 0), ("[(0.1, 0.1)]", 0),
        ("[(0.100, 0.100)] ", 0), ("[]", 0), ("", 0),
    ]:  # fmt: skip
        assert evaluate.score(text, mask) == want, text


def test_untouched(kit):
    """Making batches and losses leaves the model's weights alone."""
    m = copy.deepcopy(kit[2])
    b = batch(kit, 1)
    losses.supervised(Packed(m, kit[3]), losses.Aids(kit[0], LABELS), b, train.DEFAULT_WEIGHTS, torch.ones(4, dtype=torch.bool))
    for a, c in zip(m.parameters(), kit[2].parameters()):
        assert torch.equal(a, c)


@pytest.mark.parametrize("method", ["lora", "full"])
def test_finetune(kit, tmp_path, method, capsys):
    """Adapters and full training lower the loss, go on where they were, and leave a checkpoint that loads."""
    import finetune

    data = write_shards(str(tmp_path / "data"), 1)
    roborefer.save(kit[2], str(tmp_path / "ck"), os.path.join(HERE, "tiny", "tokenizer.json"))
    args = ["--checkpoint", str(tmp_path / "ck"), "--data", data, "--out", str(tmp_path / "out"), "--method", method, "--batch", "2", "--lr", "0.003"]
    finetune.main([*args, "--estimate"])
    assert "GB" in capsys.readouterr().out and not (tmp_path / "out").exists()
    finetune.main([*args, "--steps", "6", "--save-every", "3"])
    losses_ = [json.loads(line)["loss"] for line in open(tmp_path / "out" / "metrics.jsonl")]
    assert len(losses_) == 6 and losses_[-1] < losses_[0]
    finetune.main([*args, "--steps", "8"])
    assert "going on from step 6" in capsys.readouterr().out
    tuned = roborefer.load(str(tmp_path / "out" / "model"))
    assert not torch.equal(tuned.llm.model.layers[0].mlp.up_proj.weight, kit[2].llm.model.layers[0].mlp.up_proj.weight)
    with pytest.raises(ValueError, match="another checkpoint or method"):
        finetune.main([*args, "--rank", "4", "--steps", "9"])


def test_llava_reader():
    """What the official loader would trip over is found: a placeholder without a picture, and a text that training reads in another way than inference asks it."""
    assert check_llava.loaded("<image> <depth>\nthe mug", 1, 1) == "<image> <depth>\nthe mug"
    assert check_llava.loaded("the mug\n<image> <depth>\n", 1, 1) == "<image> <depth>\nthe mug"
    assert check_llava.loaded("<image>\nthe mug", 1, 0) == "<image>\nthe mug"
    for text, images, depths in (("<image>\n<image>\nthe mug", 1, 0), ("<image> <depth>\nthe mug", 1, 0), ("<image> <depth>\nthe mug", 2, 1)):
        with pytest.raises(check_llava.Trip):
            check_llava.loaded(text, images, depths)
