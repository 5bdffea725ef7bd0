"""A pointing model in ten lines: refarena eval --referee "command:python3 examples/command/model.py" """
import base64, io, json, sys

for line in sys.stdin:
    query = json.loads(line)  # id, width, height, instruction, image, depth (16-bit PNG, mm), disparity (8-bit PNG, near is bright)
    png = base64.b64decode(query["image"])  # with Pillow: image = PIL.Image.open(io.BytesIO(png)).convert("RGB")
    x, y = 0.5, 0.5  # your model goes here: points = model(image, query["instruction"])
    print("asked:", query["instruction"], len(png), "bytes", file=sys.stderr)  # words go to stderr, answers to stdout
    print(json.dumps({"id": query["id"], "points": [[x, y]]}), flush=True)  # or {"answer": "the model's own text"}, or {"error": "why not"}
