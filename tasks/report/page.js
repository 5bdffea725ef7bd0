"use strict";
(() => {
  const runs = JSON.parse(document.getElementById("data").textContent);
  const $ = id => document.getElementById(id);
  const pct = x => (100 * x).toFixed(1) + " %";
  const el = (tag, attrs = {}, ...kids) => {
    const e = document.createElement(tag);
    for (const [k, v] of Object.entries(attrs)) k in e && k !== "list" ? e[k] = v : e.setAttribute(k, v);
    e.append(...kids);
    return e;
  };
  const quoted = word => /^[\w.\/@%+=:,-]+$/.test(word) ? word : "'" + word.replaceAll("'", "'\\''") + "'";
  const rateText = r => r.n ? `${pct(r.rate)} of ${r.n}` : "–";
  const interval = r => r.n ? `${pct(r.low)} … ${pct(r.high)}` : "";
  const few = 60; // episodes are listed at first
  let run, shown = [], limit = few, picked = -1;

  function track(r) {
    const t = el("div", { className: "track" });
    t.setAttribute("role", "img");
    t.setAttribute("aria-label", `${rateText(r)}, 95 % interval ${interval(r)}`);
    const fill = el("div", { className: "fill" }), band = el("div", { className: "band" });
    fill.style.width = 100 * r.rate + "%";
    band.style.left = 100 * r.low + "%"; band.style.width = 100 * (r.high - r.low) + "%";
    t.append(band, fill);
    return t;
  }

  function headline() {
    const a = run.analysis, box = $("headline");
    box.replaceChildren(
      el("div", { className: "big" }, a.episodes.n ? pct(a.episodes.rate) : "–", el("small", {}, `of ${a.episodes.n} judged episodes succeeded; 95 % interval ${interval(a.episodes)}`)));
    const facts = el("ul", { className: "facts" });
    const fact = (name, value) => facts.append(el("li", {}, name + " ", el("b", {}, value)));
    fact("progress", pct(a.progress));
    fact("steps in a row", a.chain.toFixed(1));
    fact("points that hit", rateText(a.hits));
    fact("errors", String(a.errors));
    fact("abandoned", String(a.abandoned));
    fact("simulated", a.sim_s.toFixed(1) + " s an episode");
    fact("wall", a.wall_s.toFixed(2) + " s an episode");
    fact("of which", [["scene", "scene_s"], ["pictures", "render_s"], ["referee", "referee_s"], ["robot", "robot_s"], ["verdict", "judge_s"]].map(([n, k]) => `${n} ${a.wall[k].toFixed(2)}`).join(", ") + " s");
    if (a.latency_ms.p95 > 0) fact("answer", `${a.latency_ms.median.toFixed(0)} ms, p95 ${a.latency_ms.p95.toFixed(0)} ms`);
    if (a.tokens.p95 > 0) fact("tokens", `${a.tokens.median.toFixed(0)}, p95 ${a.tokens.p95.toFixed(0)}`);
    box.append(facts);
    const axis = el("div", { className: "axis" });
    const row = (name, an, control) => axis.append(
      el("div", { className: "name" + (control ? " control" : "") }, name), track(an.episodes),
      el("div", { className: "num" }, `${pct(an.episodes.rate)}  (${interval(an.episodes)})${an.episodes.n === a.episodes.n ? "" : ` of ${an.episodes.n}`}`));
    const controls = run.controls || [];
    for (const c of controls.filter(c => c.analysis.episodes.rate > a.episodes.rate)) row(c.name, c.analysis, true);
    row(run.info.referee.name, a, false);
    for (const c of controls.filter(c => c.analysis.episodes.rate <= a.episodes.rate)) row(c.name, c.analysis, true);
    box.append(axis);
  }

  function hits() {
    const t = run.analysis.hit_by_success;
    const all = t[0][0] + t[0][1] + t[1][0] + t[1][1] || 1;
    const cell = n => el("td", { className: "n" }, `${n}  (${pct(n / all)})`);
    $("hits").replaceChildren(el("table", {},
      el("thead", {}, el("tr", {}, el("td"), el("th", { className: "n", scope: "col" }, "step succeeded"), el("th", { className: "n", scope: "col" }, "step failed"))),
      el("tbody", {},
        el("tr", {}, el("th", { scope: "row" }, "point hit"), cell(t[1][1]), cell(t[1][0])),
        el("tr", {}, el("th", { scope: "row" }, "point missed"), cell(t[0][1]), cell(t[0][0])))));
  }

  function causes() {
    const list = run.analysis.causes || [], most = Math.max(1, ...list.map(c => c.n));
    const box = el("div", { className: "bars" });
    for (const c of list) {
      const bar = el("div", { className: "bar" });
      bar.style.width = 100 * c.n / most + "%";
      box.append(el("button", { type: "button", title: "Show these episodes", onclick: () => { $("f-cause").value = c.name; filter(); $("episodes").scrollIntoView(); } }, c.name), bar, el("span", { className: "num" }, String(c.n)));
    }
    $("causes").replaceChildren(list.length ? box : "No step failed.");
  }

  // curve draws how the shares change with a quantity, each with its interval.
  function curve(b, last) {
    const W = 420, H = 150, left = 40, right = 6, top = 8, bottom = 24;
    const svg = (tag, attrs, text) => {
      const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [k, v] of Object.entries(attrs)) e.setAttribute(k, v);
      if (text) e.textContent = text;
      return e;
    };
    const wide = (W - left - right) / b.groups.length, x = i => left + (i + 0.5) * wide, y = v => top + (1 - v) * (H - top - bottom);
    const label = b.groups.map(g => `${g.name}: hit ${rateText(g.hits)}, ${last} ${rateText(g.success)}`).join("; ");
    const box = svg("svg", { viewBox: `0 0 ${W} ${H}`, class: "curve", role: "img", "aria-label": `By ${b.title}. ${label}` });
    for (const v of [0, 0.5, 1]) box.append(svg("line", { x1: left, x2: W - right, y1: y(v), y2: y(v), class: "grid" }), svg("text", { x: left - 6, y: y(v) + 4, "text-anchor": "end" }, 100 * v + " %"));
    b.groups.forEach((g, i) => box.append(svg("text", { x: x(i), y: H - 6, "text-anchor": "middle" }, g.name)));
    for (const [key, shift] of [["hits", -5], ["success", 5]]) {
      const at = b.groups.map((g, i) => [x(i) + shift, g[key]]).filter(p => p[1].n);
      box.append(svg("polyline", { points: at.map(([px, r]) => `${px},${y(r.rate)}`).join(" "), class: "line " + key }));
      for (const [px, r] of at) box.append(svg("line", { x1: px, x2: px, y1: y(r.low), y2: y(r.high), class: "whisker " + key }), svg("circle", { cx: px, cy: y(r.rate), r: 3.5, class: key }));
    }
    return box;
  }

  function breakdowns() {
    const mark = key => el("span", { className: "mark " + key });
    const table = (title, groups, last, b) => el("div", {}, el("h3", {}, "By " + title), ...(b && b.curve && groups.length > 1 ? [curve(b, last)] : []), el("table", {}, el("caption", {}, title),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, title), el("th", { className: "n", scope: "col" }, mark("hits"), "hit"), el("th", { className: "n", scope: "col" }, mark("success"), last))),
      el("tbody", {}, ...groups.map(g => el("tr", {}, el("td", {}, g.name.split("/").pop()),
        el("td", { className: "n", title: "95 % interval " + interval(g.hits) }, rateText(g.hits)),
        el("td", { className: "n", title: "95 % interval " + interval(g.success) }, rateText(g.success)))))));
    $("by").replaceChildren(table("task", run.analysis.tasks || [], "succeeded"), ...[...(run.analysis.by || [])].sort((a, b) => a.groups.length - b.groups.length).map(b => table(b.title, b.groups, "step succeeded", b)));
  }

  const why = e => {
    if (e.outcome === "error") return e.error || "";
    const s = e.steps[e.steps.length - 1];
    return e.outcome === "failure" && s ? `${s.skill}: ${s.cause}: ${s.reason}` : "";
  };

  function options() {
    const fill = (id, values) => $(id).replaceChildren(el("option", { value: "" }, "all"), ...[...new Set(values)].filter(Boolean).sort().map(v => el("option", { value: v }, v)));
    const steps = run.episodes.flatMap(e => e.steps);
    fill("f-outcome", run.episodes.map(e => e.outcome));
    fill("f-cause", steps.map(s => s.cause));
    fill("f-task", run.episodes.map(e => e.task));
    fill("f-relation", steps.flatMap(s => s.relations || []));
  }

  function filter() {
    const want = { outcome: $("f-outcome").value, cause: $("f-cause").value, task: $("f-task").value, relation: $("f-relation").value, seed: $("f-seed").value.trim() };
    shown = run.episodes.filter(e =>
      (!want.outcome || e.outcome === want.outcome) && (!want.task || e.task === want.task) && (!want.seed || String(e.seed) === want.seed) &&
      (!want.cause || e.steps.some(s => s.cause === want.cause)) && (!want.relation || e.steps.some(s => (s.relations || []).includes(want.relation))));
    limit = few;
    picked = shown.length ? 0 : -1;
    $("count").textContent = `${shown.length} of ${run.episodes.length} episodes`;
    list(); detail();
  }

  function list() {
    const box = $("list");
    box.replaceChildren(...shown.slice(0, limit).map((e, i) => el("div", { className: "item", role: "option", id: "item-" + i, "aria-selected": i === picked, onclick: () => choose(i) },
      el("span", { className: "seed" }, "#" + e.seed), el("span", {}, el("span", { className: e.outcome }, e.outcome), " " + e.task.split("/").pop()), el("span", { className: "why" }, why(e)))));
    if (shown.length > limit) box.append(el("button", { id: "more", type: "button", onclick: () => { limit += 400; list(); } }, `${shown.length - limit} more`));
    box.setAttribute("aria-activedescendant", picked >= 0 ? "item-" + picked : "");
  }

  function choose(i) {
    if (i < 0 || i >= shown.length) return;
    if (i >= limit) { limit = i + 200; list(); }
    const mark = (k, on) => { const e = $("item-" + k); if (e) e.setAttribute("aria-selected", on); return e; };
    mark(picked, false);
    picked = i;
    const e = mark(i, true);
    if (e) e.scrollIntoView({ block: "nearest" });
    $("list").setAttribute("aria-activedescendant", "item-" + i);
    detail();
  }

  function detail() {
    const box = $("detail"), e = shown[picked];
    if (!e) { box.replaceChildren("No episode fits."); return; }
    const view = `refarena view ${quoted(run.dir)} --episode ${e.seed}`;
    box.replaceChildren(el("h3", {}, `Seed ${e.seed}: `, el("span", { className: e.outcome }, e.outcome)),
      el("p", { className: "meta" }, `${e.task} · ${pct(e.progress)} of its steps · ${e.sim_s.toFixed(1)} s simulated · trace ${e.trace}`));
    if (e.error) box.append(el("p", { className: "error" }, e.error));
    e.steps.forEach((s, i) => {
      const facts = el("dl");
      const fact = (name, ...value) => facts.append(el("dt", {}, name), el("dd", {}, ...value));
      if (s.referent) fact("meant", s.referent);
      if (s.asked) fact("answer", el("code", {}, s.answer || "nothing"), s.hit ? " hit" : " missed");
      fact("came of it", el("span", { className: s.outcome }, s.outcome), s.cause ? ` ${s.cause}: ${s.reason}` : "");
      if (s.relations) fact("takes", `${s.reasoning_steps} reasoning steps: ${s.relations.join(", ")}`);
      fact("watch it", el("code", {}, `${view} --step ${i + 1}`));
      const text = el("div", {}, el("p", {}, el("b", {}, `${i + 1}. ${s.skill}`), s.attempt > 1 ? ` (attempt ${s.attempt})` : "", " ", s.instruction ? el("q", {}, s.instruction) : ""), facts);
      const part = el("div", { className: "step" + (s.frame ? "" : " bare") });
      if (s.frame) part.append(el("a", { href: s.frame }, el("img", { src: s.frame, loading: "lazy", alt: `What the referee saw when it was asked: ${s.instruction}` })));
      part.append(text);
      box.append(part);
    });
    box.append(el("p", {}, "Watch the episode: ", el("code", {}, view)));
  }

  function show(i) {
    run = runs[i];
    [...$("runs").children].forEach((b, k) => b.setAttribute("aria-pressed", k === i));
    const f = run.info;
    $("title").textContent = `${f.referee.name} on ${f.suite}, ${f.robot.toUpperCase()}`;
    $("subtitle").textContent = `${run.name} · ${f.spans ? f.spans.map(s => `${s.episodes} episodes from seed ${s.seed}`).join(", ") : `${f.episodes} episodes from seed ${f.seed}`} · ${f.camera.width} × ${f.camera.height} px · ${f.started.slice(0, 16).replace("T", " ")} UTC`;
    $("footer").textContent = `${f.referee.model} ${f.referee.version || ""} · refarena ${f.versions.refarena} · MuJoCo ${f.versions.mujoco} · ${f.versions.go} · ${f.versions.cpu} · suite ${f.suite_sha256.slice(0, 12)}`;
    headline(); hits(); causes(); breakdowns(); options(); filter();
  }

  if (runs.length > 1) runs.forEach((r, i) => $("runs").append(el("button", { type: "button", onclick: () => show(i) }, r.name)));
  for (const id of ["f-outcome", "f-cause", "f-task", "f-relation"]) $(id).addEventListener("change", filter);
  $("f-seed").addEventListener("input", filter);
  $("filters").addEventListener("submit", e => e.preventDefault());
  $("list").addEventListener("keydown", e => {
    const move = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[e.key];
    if (!move) return;
    e.preventDefault();
    choose(Math.min(Math.max(picked + move, 0), shown.length - 1));
  });
  show(0);
})();
