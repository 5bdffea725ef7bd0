// The page of `refarena view --web`: shows what comes over the socket, and sends orders back. Orders are those of --headless-script.
"use strict";

const $ = (id) => document.getElementById(id);
const make = (tag, text, cls) => { const e = document.createElement(tag); if (text !== undefined) e.textContent = text; if (cls) e.className = cls; return e; };
const speeds = [0.1, 0.25, 0.5, 1, 2, 4, 8, 16];
let socket, state, shown = 0, scrubbing = false;

function send(message) { if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message)); }
function tell(order) { send({do: order}); }

function connect() {
  const url = new URL("socket", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  socket = new WebSocket(url);
  socket.binaryType = "blob";
  socket.onopen = () => { shown = 0; sizes(); };
  socket.onmessage = async (m) => {
    if (typeof m.data === "string") { show(JSON.parse(m.data)); return; }
    const kind = new Uint8Array(await m.data.slice(0, 1).arrayBuffer())[0];
    const picture = await createImageBitmap(m.data.slice(1, m.data.size, "image/jpeg"));
    const canvas = $(kind === 1 ? "scene" : "eye");
    if (canvas.width !== picture.width || canvas.height !== picture.height) { canvas.width = picture.width; canvas.height = picture.height; }
    canvas.getContext("2d").drawImage(picture, 0, 0);
    picture.close();
    if (kind === 1) { shown++; window.refarenaPictures = shown; send({ack: shown}); }
  };
  socket.onclose = () => { condition("disconnected", "bad"); setTimeout(connect, 1500); };
}

// sizes says how large the pictures are on this screen.
function sizes() {
  const d = Math.min(window.devicePixelRatio || 1, 2);
  const of = (e) => [Math.round(e.clientWidth * d), Math.round(e.clientHeight * d)];
  send({scene: of($("scene")), eye: of($("eye"))});
}
new ResizeObserver(sizes).observe($("scene"));

function condition(text, cls) { const c = $("condition"); if (c.textContent !== text) c.textContent = text; c.className = "pill " + (cls || ""); }

// group makes buttons of which some are on.
function group(parent, names, on, order, attribute, label) {
  if (parent.children.length !== names.length) {
    parent.replaceChildren(...names.map((n, i) => { const b = make("button", label ? label(n, i) : n); b.dataset.do = order + " " + n; if (attribute === "aria-selected") b.role = "tab"; return b; }));
  }
  names.forEach((n, i) => parent.children[i].setAttribute(attribute, String(on(n))));
}

function show(s) {
  state = s;
  $("title").textContent = s.title;
  document.title = s.title + " · refarena";
  const facts = [["seed", s.seed], ["robot", s.robot], ["referee", s.referee]];
  if (s.episodes > 1) facts.push(["episode", s.episode + " of " + s.episodes]);
  $("facts").replaceChildren(...facts.map(([k, v]) => { const d = make("div"); d.append(make("dt", k), make("dd", v)); return d; }));
  const a = s.ask;
  if (s.busy) condition(s.busy, "warn");
  else if (a && a.waiting) condition("your answer?  " + a.seconds.toFixed(1) + " s", "warn");
  else if (s.ended && s.outcome && s.time >= s.head - 1e-9) condition(s.outcome, s.outcome === "success" ? "good" : "bad");
  else if (a && !a.answered) condition("asking", "accent");
  else condition(s.playing ? "playing" : "paused", s.playing ? "accent" : "");
  $("branched").hidden = !s.branched;
  const notice = s.failure || s.message || "";
  if ($("notice").textContent !== notice) $("notice").textContent = notice;
  $("notice").hidden = !notice;
  $("notice").className = s.failure ? "bad" : "";
  const st = s.stats;
  $("stats").textContent = (st.real_time > 0 ? st.real_time.toFixed(2) + "× real time · " : "") + Math.round(st.frame_ms) + " ms a picture, " + st.per_second + "/s · " + st.contacts + " contacts";

  $("now").textContent = s.time.toFixed(3) + " s";
  $("head").textContent = "of " + s.head.toFixed(2) + " s" + (s.ended ? "" : " so far");
  $("play").textContent = s.playing ? "❚❚" : "▶";
  $("play").setAttribute("aria-pressed", String(s.playing));
  if (document.activeElement !== $("speed")) {
    if (!speeds.includes(s.speed) && !$("speed").querySelector(`[value="${s.speed}"]`)) { const o = make("option", s.speed); o.value = s.speed; $("speed").append(o); }
    $("speed").value = String(s.speed);
  }
  $("next").hidden = s.episodes < 2;
  const span = Math.max(s.head, s.time, 4) * 1.02;
  $("scrub").max = span;
  if (!scrubbing) $("scrub").value = s.time;
  $("scrub").setAttribute("aria-valuetext", s.time.toFixed(2) + " seconds");
  const at = (t) => (100 * t / span) + "%";
  const head = make("div", undefined, "head"); head.style.left = 0; head.style.width = at(s.head);
  const marks = [head], labels = [];
  (s.steps || []).forEach((x, i) => {
    const end = x.end < 0 ? s.head : x.end;
    const m = make("div", undefined, x.skill + " " + (x.outcome || "")); m.style.left = at(x.begin); m.style.width = `calc(${at(Math.max(end - x.begin, 0))} - 1px)`;
    m.title = x.reason || "";
    marks.push(m);
    const l = make("button", (i + 1) + " " + x.skill + (x.cause ? " · " + x.cause : ""), (x.now ? "now " : "") + (x.outcome || ""));
    l.style.left = at(x.begin); l.style.maxWidth = at(Math.max(end - x.begin, 0.2)); l.dataset.do = "seek step " + (i + 1); l.title = x.reason || "";
    labels.push(l);
  });
  $("steps").replaceChildren(...marks);
  if (!$("labels").contains(document.activeElement)) $("labels").replaceChildren(...labels);

  group($("overlays"), ["points", "region", "path", "grasps", "spheres", "contacts"], (n) => s.choice.overlays[n], "overlay", "aria-pressed", (n, i) => (i + 1) + " " + n);
  group($("views"), ["overview", "robot", "referee", "top"], (n) => s.choice.view === n, "view", "aria-pressed");
  group($("tabs"), ["rgb", "depth", "ids"], (n) => s.choice.tab === n, "tab", "aria-selected");
  group($("eyes"), ["asked", "live"], (n) => s.choice.eye === n, "eye", "aria-selected");

  if (document.activeElement !== $("text")) $("text").value = a ? a.instruction : "";
  const answer = $("answer");
  if (!a) { answer.textContent = ""; }
  else if (a.waiting) { answer.textContent = "click in the picture; Esc passes"; answer.className = "wait"; }
  else if (!a.answered) { answer.textContent = "asking …"; answer.className = ""; }
  else if (!a.point) { answer.textContent = "no point: " + a.answer; answer.className = "miss"; }
  else { answer.textContent = `(${a.point.x.toFixed(3)}, ${a.point.y.toFixed(3)}) ${a.hit ? "hits" : "misses"} ${a.referent}`; answer.className = a.hit ? "hit" : "miss"; }

  $("goals").replaceChildren(...(s.goals || []).map((g, i) => {
    let done = "";
    for (const x of s.steps || []) if (x.goal === i + 1 && x.outcome === "success" && x.end >= 0 && x.end <= s.time + 1e-9) done = x.skill === "place" ? "done" : done || "half";
    return make("li", g, done);
  }));
  $("phase").textContent = s.phase ? "robot: " + s.phase : "";
  $("dwell").hidden = !s.dwell;
  if (s.dwell) { $("dwell").firstElementChild.style.width = 100 * s.dwell.share + "%"; $("dwell").setAttribute("aria-valuenow", Math.round(100 * s.dwell.share)); }
  const failed = (s.steps || []).find((x) => x.now && x.reason && x.outcome !== "success" && x.end >= 0 && x.end <= s.time + 0.5);
  $("why").textContent = failed ? failed.cause + ": " + failed.reason : s.dwell ? s.dwell.why || "holds" : "";
  $("why").className = failed ? "bad" : "";
  $("hand").textContent = Math.round(s.hand_mm) + " mm";
  $("joints").replaceChildren(...(s.joints || []).map((j) => {
    const d = make("div", j.name.replace(/_joint$/, "")), m = make("meter");
    m.min = j.min; m.max = j.max; m.value = j.deg;
    d.append(make("b", j.deg.toFixed(1) + "°"), m);
    return d;
  }));
  $("objects").tBodies[0].replaceChildren(...(s.objects || []).map((o, i) => {
    const r = make("tr", undefined, (o.asleep ? "asleep " : "") + (o.selected ? "selected " : "") + (o.meant ? "meant" : ""));
    r.append(make("td", o.name), make("td", o.pos.map((x) => x.toFixed(2).padStart(6)).join("")));
    r.onclick = () => tell("select " + (o.selected ? -1 : i));
    return r;
  }));
}

document.addEventListener("click", (e) => { const b = e.target.closest("[data-do]"); if (b) { tell(b.dataset.do); b.blur(); } });
$("speed").onchange = (e) => { tell("speed " + e.target.value); e.target.blur(); };
$("scrub").oninput = (e) => { scrubbing = true; tell("pause"); tell("seek " + Math.min(e.target.value, state.head)); };
$("scrub").onchange = () => { scrubbing = false; $("scrub").blur(); };
$("say").onsubmit = (e) => { e.preventDefault(); tell("say " + $("text").value); $("text").blur(); };
$("change").onclick = () => { tell("referee " + ($("referee").value || "oracle")); };
$("helpbutton").onclick = () => $("help").showModal();

const place = (e, el) => { const r = el.getBoundingClientRect(); const c = (x) => Math.min(Math.max(x, 0), 1).toFixed(5); return c((e.clientX - r.left) / r.width) + " " + c((e.clientY - r.top) / r.height); };
const eye = $("eye"), scene = $("scene");
eye.onclick = (e) => tell("point " + place(e, eye));
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
  if (e.key === "?") { $("help").showModal(); e.preventDefault(); return; }
  if (e.key === "i") { $("text").focus(); $("text").select(); e.preventDefault(); return; }
  if (order) { e.preventDefault(); tell(order); }
});

connect();
