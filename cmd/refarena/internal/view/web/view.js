// The page of `refarena view --web`: shows what comes over the socket, and sends orders back. Orders are those of --headless-script.
"use strict";

const $ = (id) => document.getElementById(id);
const make = (tag, text, cls) => { const e = document.createElement(tag); if (text !== undefined) e.textContent = text; if (cls) e.className = cls; return e; };
const speeds = [0.1, 0.25, 0.5, 1, 2, 4, 8, 16];
let socket, state, shown = 0, received = 0, scrubbing = false;
const drawn = {1: 0, 2: 0};

function send(message) { if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message)); }
function tell(order) { send({do: order}); }

function connect() {
  const url = new URL("socket", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => { shown = 0; sizes(); };
  socket.onmessage = async (m) => {
    if (typeof m.data === "string") { later(JSON.parse(m.data)); return; }
    const number = ++received, bytes = new Uint8Array(m.data), kind = bytes[0];
    const picture = await createImageBitmap(new Blob([bytes.subarray(1)], {type: "image/jpeg"}));
    if (number > drawn[kind]) { // a later one may have been decoded before
      drawn[kind] = number;
      const canvas = $(kind === 1 ? "scene" : "eye");
      if (canvas.width !== picture.width || canvas.height !== picture.height) { canvas.width = picture.width; canvas.height = picture.height; }
      context(canvas).drawImage(picture, 0, 0);
    }
    picture.close();
    if (kind === 1) { shown++; window.refarenaPictures = shown; send({ack: shown}); }
  };
  socket.onclose = (e) => {
    if (e.code === 1000) { condition(e.reason, "warn"); return; } // it was said that this is the end
    condition("disconnected", "bad");
    setTimeout(connect, 1500);
  };
}

// sizes says how large the pictures are on this screen.
function sizes() {
  const d = Math.min(window.devicePixelRatio || 1, 2);
  const of = (e) => [Math.round(e.clientWidth * d), Math.round(e.clientHeight * d)];
  send({scene: of($("scene")), eye: of($("eye"))});
}
const resized = new ResizeObserver(sizes);
resized.observe($("scene")); resized.observe($("eye"));

function condition(text, cls) { const c = $("condition"); if (c.textContent !== text) c.textContent = text; const now = "pill " + (cls || ""); if (c.className !== now) c.className = now; }

const context = (canvas) => canvas.context2d ||= canvas.getContext("2d", {alpha: false, desynchronized: true});

// What is there already is not touched: a page that is laid out anew for each number shows fewer pictures.
const text = (e, t) => { if (e.shownText !== t) { e.shownText = t; e.textContent = t; } };
const cls = (e, c) => { if (e.className !== c) e.className = c; };
const style = (e, name, value) => { if (e.style[name] !== value) e.style[name] = value; };
function rows(parent, n, build) {
  while (parent.children.length > n) parent.lastElementChild.remove();
  while (parent.children.length < n) parent.append(build(parent.children.length));
  return parent.children;
}

// group makes buttons of which some are on.
function group(parent, names, on, order, attribute, label) {
  const children = rows(parent, names.length, (i) => { const b = make("button", label ? label(names[i], i) : names[i]); b.dataset.do = order + " " + names[i]; if (attribute === "aria-selected") b.role = "tab"; return b; });
  names.forEach((n, i) => { const is = String(on(n)); if (children[i].getAttribute(attribute) !== is) children[i].setAttribute(attribute, is); });
}

// later shows a state when the next frame is due; of several only the last.
let due = false;
function later(s) {
  state = s;
  if (!due) { due = true; requestAnimationFrame(() => { due = false; show(state); }); }
}

function show(s) {
  text($("title"), s.title);
  const title = s.title + " · refarena";
  if (document.title !== title) document.title = title;
  const facts = [["seed", s.seed], ["robot", s.robot], ["referee", s.referee]].filter((f) => f[1] !== "");
  if (s.episodes > 1) facts.push(["episode", s.episode + " of " + s.episodes]);
  const f = rows($("facts"), facts.length, () => { const d = make("div"); d.append(make("dt"), make("dd")); return d; });
  facts.forEach(([k, v], i) => { text(f[i].children[0], k); text(f[i].children[1], String(v)); });
  const a = s.ask;
  if (socket.readyState !== WebSocket.OPEN) ; // that is what is said
  else if (s.busy) condition(s.busy, "warn");
  else if (a && a.waiting) condition("your answer?  " + a.seconds.toFixed(1) + " s", "warn");
  else if (s.ended && s.outcome && s.time >= s.head - 1e-9) condition(s.outcome, s.outcome === "success" ? "good" : "bad");
  else if (a && !a.answered) condition("asking", "accent");
  else condition(s.playing ? "playing" : "paused", s.playing ? "accent" : "");
  $("branched").hidden = !s.branched;
  const notice = s.failure || s.message || "";
  text($("notice"), notice);
  $("notice").hidden = !notice;
  cls($("notice"), s.failure ? "bad" : "");
  const st = s.stats;
  text($("stats"), (st.real_time > 0 ? st.real_time.toFixed(2) + "× real time · " : "") + (st.per_second > 1 ? Math.round(st.frame_ms) + " ms a picture, " + st.per_second + "/s · " : "") + st.contacts + " contacts");

  text($("now"), s.time.toFixed(3) + " s");
  text($("head"), "of " + s.head.toFixed(2) + " s" + (s.ended ? "" : " so far"));
  text($("play"), s.playing ? "❚❚" : "▶");
  $("play").setAttribute("aria-pressed", String(s.playing));
  if (document.activeElement !== $("speed") && $("speed").value !== String(s.speed)) {
    if (!speeds.includes(s.speed) && !$("speed").querySelector(`[value="${s.speed}"]`)) { const o = make("option", s.speed); o.value = s.speed; $("speed").append(o); }
    $("speed").value = String(s.speed);
  }
  $("next").hidden = s.episodes < 2;
  $("record").setAttribute("aria-pressed", String(!!s.recording));
  const span = Math.max(s.head, s.time, 4) * 1.02;
  $("scrub").max = span;
  if (!scrubbing) $("scrub").value = s.time;
  $("scrub").setAttribute("aria-valuetext", s.time.toFixed(2) + " seconds");
  const at = (t) => (100 * t / span).toFixed(3) + "%";
  const steps = s.steps || [];
  const marks = rows($("steps"), steps.length + 1, () => make("div")), labels = rows($("labels"), steps.length, () => make("button"));
  cls(marks[0], "head"); style(marks[0], "left", "0px"); style(marks[0], "width", at(s.head));
  steps.forEach((x, i) => {
    const end = x.end < 0 ? s.head : x.end, m = marks[i + 1], l = labels[i];
    cls(m, x.skill + " " + (x.outcome || "")); m.title = x.reason || "";
    style(m, "left", at(x.begin)); style(m, "width", at(Math.max(end - x.begin, 0)));
    text(l, (i + 1) + " " + x.skill + (x.cause ? " · " + x.cause : "")); cls(l, (x.now ? "now " : "") + (x.outcome || ""));
    style(l, "left", at(x.begin)); style(l, "maxWidth", at(Math.max(end - x.begin, 0.2)));
    l.dataset.do = "seek step " + (i + 1); l.title = x.reason || "";
  });

  group($("overlays"), ["points", "region", "path", "grasps", "spheres", "contacts"], (n) => s.choice.overlays[n], "overlay", "aria-pressed", (n, i) => (i + 1) + " " + n);
  group($("views"), ["overview", "robot", "referee", "top"], (n) => s.choice.view === n, "view", "aria-pressed");
  group($("tabs"), ["rgb", "depth", "ids"], (n) => s.choice.tab === n, "tab", "aria-selected");
  group($("eyes"), ["asked", "live"], (n) => s.choice.eye === n, "eye", "aria-selected");

  const asked = a ? a.instruction : "";
  if (document.activeElement !== $("text") && $("text").value !== asked) $("text").value = asked;
  let answer = ["", ""];
  if (!a) answer = ["", ""];
  else if (a.waiting) answer = ["click in the picture; Esc passes", "wait"];
  else if (!a.answered) answer = ["asking …", ""];
  else if (!a.point) answer = ["no point: " + a.answer, "miss"];
  else answer = [`(${a.point.x.toFixed(3)}, ${a.point.y.toFixed(3)}) ${a.hit ? "hits" : "misses"} ${a.referent}`, a.hit ? "hit" : "miss"];
  text($("answer"), answer[0]); cls($("answer"), answer[1]);

  $("taskhead").hidden = !(s.goals || []).length && !s.phase;
  const goals = s.goals || [], lines = rows($("goals"), goals.length, () => make("li"));
  goals.forEach((g, i) => {
    let done = "";
    for (const x of steps) if (x.goal === i + 1 && x.outcome === "success" && x.end >= 0 && x.end <= s.time + 1e-9) done = x.skill === "place" ? "done" : done || "half";
    text(lines[i], g); cls(lines[i], done);
  });
  text($("phase"), s.phase ? "robot: " + s.phase : "");
  $("dwell").hidden = !s.dwell;
  if (s.dwell) { style($("dwell").firstElementChild, "width", 100 * s.dwell.share + "%"); $("dwell").setAttribute("aria-valuenow", Math.round(100 * s.dwell.share)); }
  const failed = steps.find((x) => x.now && x.reason && x.outcome !== "success" && x.end >= 0 && x.end <= s.time + 0.5);
  text($("why"), failed ? failed.cause + ": " + failed.reason : s.dwell ? s.dwell.why || "holds" : "");
  cls($("why"), failed ? "bad" : "");
  const hands = (s.hands_mm || []).map((mm) => Math.round(mm) + " mm");
  text($("hand"), hands.length === 2 ? `hands, right ${hands[0]}, left ${hands[1]}` : "hand " + hands.join(", "));
  if (s.eye_px) style($("eye"), "aspectRatio", s.eye_px[0] + " / " + s.eye_px[1]);
  const joints = s.joints || [];
  const left = joints.findIndex((j) => j.name.startsWith("left_")); // a robot with two arms has each in a column
  cls($("joints"), joints.length > 8 ? "many" : "");
  const first = left > 0 ? left : Math.ceil(joints.length / 2);
  const sliders = rows($("joints"), joints.length, (i) => {
    const d = make("label"), r = make("input");
    r.type = "range"; r.step = 0.1;
    r.oninput = () => { r.held = true; tell(`joint ${i + 1} ${r.value}`); };
    r.onchange = () => { r.held = false; r.blur(); };
    d.ondblclick = () => tell("joint " + (i + 1));
    d.append(make("span"), make("b"), r);
    return d;
  });
  joints.forEach((j, i) => {
    const [name, value, r] = sliders[i].children;
    const cell = i < first ? `${i + 1} / 1` : `${i - first + 1} / 2`;
    if (sliders[i].shownCell !== cell) { sliders[i].shownCell = cell; sliders[i].style.gridArea = cell; }
    text(name, j.name.replace(/_joint$/, ""));
    text(value, j.deg.toFixed(1) + "°" + (j.aside ? ` (${j.aside > 0 ? "+" : "−"}${Math.abs(j.aside).toFixed(0)})` : ""));
    cls(value, j.aside ? "aside" : "");
    if (r.max !== String(j.max)) { r.min = j.min; r.max = j.max; r.title = "drag: push the joint aside; double click: back"; }
    if (!r.held && r.shownValue !== j.deg) { r.shownValue = j.deg; r.value = j.deg; }
  });
  const things = s.objects || [];
  const list = rows($("objects").tBodies[0], things.length, (i) => { const r = make("tr"); r.append(make("td"), make("td")); r.onclick = () => tell("select " + (state.objects[i].selected ? -1 : i)); return r; });
  things.forEach((o, i) => {
    cls(list[i], (o.asleep ? "asleep " : "") + (o.selected ? "selected " : "") + (o.meant ? "meant" : ""));
    text(list[i].cells[0], o.name); text(list[i].cells[1], o.pos.map((x) => x.toFixed(2).padStart(6)).join(""));
  });
}

document.addEventListener("click", (e) => { const b = e.target.closest("[data-do]"); if (b) { tell(b.dataset.do); b.blur(); } });
$("speed").onchange = (e) => { tell("speed " + e.target.value); e.target.blur(); };
$("scrub").oninput = (e) => { scrubbing = true; tell("pause"); tell("seek " + Math.min(e.target.value, state.head)); };
$("scrub").onchange = () => { scrubbing = false; $("scrub").blur(); };
let typed = "say"; // the order of what is typed
$("say").onsubmit = (e) => { e.preventDefault(); tell(typed + " " + $("text").value); $("text").blur(); };
$("order").onsubmit = (e) => { e.preventDefault(); const line = $("command").value.trim(); $("order").hidden = true; if (line) tell(line); scene.focus(); };
$("command").onkeydown = (e) => { if (e.key === "Escape") { $("order").hidden = true; scene.focus(); } };
$("text").onblur = () => { typed = "say"; };
$("change").onclick = () => { tell("referee " + ($("referee").value || "oracle")); };
$("helpbutton").onclick = () => $("help").showModal();

const place = (e, el) => { const r = el.getBoundingClientRect(); const c = (x) => Math.min(Math.max(x, 0), 1).toFixed(5); return c((e.clientX - r.left) / r.width) + " " + c((e.clientY - r.top) / r.height); };
const eye = $("eye"), scene = $("scene");
eye.onclick = (e) => tell((e.shiftKey ? "redirect " : "point ") + place(e, eye));
eye.oncontextmenu = (e) => { e.preventDefault(); tell("point " + place(e, eye)); };
scene.ondblclick = (e) => tell("touch " + place(e, scene));
scene.oncontextmenu = (e) => e.preventDefault();
scene.addEventListener("wheel", (e) => { e.preventDefault(); tell("zoom " + Math.exp(-e.deltaY * 0.0015).toFixed(4)); }, {passive: false});
let drag = null, pending = null;
function flush() { if (pending) { tell(pending); pending = null; } }
scene.onpointerdown = (e) => {
  scene.setPointerCapture(e.pointerId);
  drag = {x: e.clientX, y: e.clientY, kind: e.ctrlKey || e.metaKey ? "grab" : e.shiftKey || e.button > 0 ? "pan" : "orbit", dx: 0, dy: 0};
  if (drag.kind === "grab") tell("grab " + place(e, scene));
};
scene.onpointermove = (e) => {
  if (!drag) return;
  const h = scene.clientHeight;
  drag.dx += e.clientX - drag.x; drag.dy += e.clientY - drag.y; drag.x = e.clientX; drag.y = e.clientY;
  if (!pending) requestAnimationFrame(() => { flush(); if (drag) { drag.dx = 0; drag.dy = 0; } });
  if (drag.kind === "grab") pending = "drag " + place(e, scene);
  else if (drag.kind === "pan") pending = `pan ${drag.dx / h} ${drag.dy / h}`;
  else pending = `orbit ${-3 * drag.dx / h} ${3 * drag.dy / h}`;
};
scene.onpointerup = scene.onpointercancel = () => { flush(); if (drag && drag.kind === "grab") tell("drop"); drag = null; };

const keys = {
  " ": "toggle", ",": "step -1", ".": "step 1", Home: "seek start", End: "seek end", e: "run", v: "view", t: "tab", l: "eye", s: "shot", r: "record", R: "restart", n: "next",
  1: "overlay points", 2: "overlay region", 3: "overlay path", 4: "overlay grasps", 5: "overlay spheres", 6: "overlay contacts", "+": "zoom 1.15", "-": "zoom 0.87",
};
document.addEventListener("keydown", (e) => {
  if (e.target.tagName === "INPUT" && e.target.type !== "range" || $("help").open) { if (e.key === "Escape") e.target.blur(); return; }
  if ((e.ctrlKey || e.metaKey) && e.key === "s") { e.preventDefault(); tell("save"); return; }
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  if (e.target.tagName === "BUTTON" && (e.key === " " || e.key === "Enter")) return;
  if (e.target.tagName === "SELECT") return;
  let order = keys[e.key];
  if (e.key === "ArrowRight") order = e.shiftKey ? "seek +0.5" : "period 1";
  if (e.key === "ArrowLeft") order = e.shiftKey ? "seek -0.5" : "period -1";
  if (e.key === "[" || e.key === "]") { const i = speeds.findIndex((x) => x >= state.speed - 1e-9); order = "speed " + speeds[Math.min(Math.max(i + (e.key === "]" ? 1 : -1), 0), speeds.length - 1)]; }
  if (e.key === "Escape" && state.ask && state.ask.waiting) order = "pass";
  if (e.key === ":") { $("order").hidden = false; $("command").value = ""; $("command").focus(); e.preventDefault(); return; }
  if (e.key === "?") { $("help").showModal(); e.preventDefault(); return; }
  if (e.key === "i" || e.key === "I") { typed = e.key === "I" ? "redirect" : "say"; $("text").focus(); $("text").select(); e.preventDefault(); return; }
  if (order) { e.preventDefault(); tell(order); }
});

connect();
