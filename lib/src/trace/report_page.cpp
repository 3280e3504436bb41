// SPDX-License-Identifier: MIT
#include "trace/report_page.hpp"

namespace tactus::trace {

const char* const kPageStyle = R"css(
:root { color-scheme: light dark;
  --bg: #f6f7f9; --card: #ffffff; --ink: #1c2430; --dim: #647084;
  --line: #dde2ea; --accent: #2f6fde; --tail: #9dbcf2; --room: #eaeff7;
  --pass: #3aa76d; --scale: #e0a526; --project: #8d6bd1; --stop: #d9483b;
  --none: #c3cad6; }
@media (prefers-color-scheme: dark) { :root {
  --bg: #12161d; --card: #1b212b; --ink: #e5eaf2; --dim: #93a0b4;
  --line: #2e3745; --accent: #6ea0ff; --tail: #37548a; --room: #252d3a;
  --pass: #4cc38a; --scale: #f0b93a; --project: #ab8cf0; --stop: #f0655a;
  --none: #46505f; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1020px; padding: 28px 20px 60px;
  background: var(--bg); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
h1 { font-size: 24px; margin: 0; } h2 { font-size: 16px; margin: 0 0 10px; }
header p, .note { color: var(--dim); margin: 4px 0 0; }
section { background: var(--card); border: 1px solid var(--line);
  border-radius: 10px; padding: 16px 18px; margin-top: 16px; }
.tiles { display: grid; gap: 12px; margin-top: 18px;
  grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); }
.tile { background: var(--card); border: 1px solid var(--line);
  border-radius: 10px; padding: 10px 14px; }
.tile b { display: block; font-size: 20px; font-weight: 600;
  font-variant-numeric: tabular-nums; }
.tile span { color: var(--dim); font-size: 13px; }
.tile.bad b { color: var(--stop); }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--dim); font-size: 12px; }
.bar { fill: var(--accent); } .tail { fill: var(--tail); }
.room { fill: var(--room); }
.axis { stroke: var(--dim); } .grid { stroke: var(--line); }
.p99 { stroke: var(--ink); stroke-width: 2; }
.deadline { stroke: var(--stop); stroke-width: 1.5;
  stroke-dasharray: 5 3; }
.trip { stroke: var(--stop); stroke-width: 2; }
.line { fill: none; stroke: var(--accent); stroke-width: 1.8; }
.r0 { fill: var(--none); } .r1 { fill: var(--pass); }
.r2 { fill: var(--scale); } .r3 { fill: var(--project); }
.r4 { fill: var(--stop); }
.s0, .s1 { fill: var(--none); } .s2 { fill: var(--tail); }
.s3 { fill: var(--accent); } .s4 { fill: var(--scale); }
.s5 { fill: var(--stop); }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
td { border-top: 1px solid var(--line); padding: 4px 10px 4px 0;
  vertical-align: top; overflow-wrap: anywhere; }
td:first-child { color: var(--dim); width: 28%; }
summary { cursor: pointer; font-weight: 600; }
#scene { touch-action: none; cursor: grab; }
#scene .ground { stroke: var(--line); }
#scene .link { stroke-width: 9; stroke-linecap: round; fill: none;
  stroke-linejoin: round; }
#scene .joint { fill: var(--card); stroke: var(--ink); stroke-width: 1.5; }
#scene .hand { fill: var(--stop); fill-opacity: .25; stroke: var(--stop); }
#scene .target { fill: none; stroke: var(--accent); stroke-width: 2; }
.k0 { stroke: var(--none); } .k1 { stroke: var(--pass); }
.k2 { stroke: var(--scale); } .k3 { stroke: var(--project); }
.k4 { stroke: var(--stop); }
.play { display: flex; gap: 12px; align-items: center; margin-top: 8px; }
.play input { flex: 1; accent-color: var(--accent); }
.play button { min-width: 74px; padding: 5px 10px; border-radius: 7px;
  border: 1px solid var(--line); background: var(--room);
  color: var(--ink); font: inherit; cursor: pointer; }
#say { font-variant-numeric: tabular-nums; color: var(--dim); }
)css";

const char* const kPageScript = R"js(
(() => {
  const data = JSON.parse(document.getElementById("scene-data").textContent);
  const svg = document.getElementById("scene");
  const slider = document.getElementById("slider");
  const button = document.getElementById("play");
  const say = document.getElementById("say");
  const rungs = ["none", "pass", "scale", "project", "stop"];
  const states = ["idle", "warm", "ready", "engaged", "stopping", "latched"];
  const F = data.frames;
  let yaw = 0.7, pitch = 0.42, at = 0, timer = null, began = 0, zoom = 1;
  let middle = [0, 0, 0];
  (() => {
    const lo = [0, 0, 0], hi = [0, 0, 0];
    for (const f of F) for (const p of f[3]) for (let i = 0; i < 3; i++)
      if (p[i] !== null) {
        lo[i] = Math.min(lo[i], p[i]); hi[i] = Math.max(hi[i], p[i]);
      }
    middle = lo.map((v, i) => (v + hi[i]) / 2);
    zoom = 300 / Math.max(400, ...hi.map((v, i) => v - lo[i]));
  })();
  const flat = p => {
    const x = p[0] - middle[0], y = p[1] - middle[1], z = p[2] - middle[2];
    const a = x * Math.cos(yaw) - y * Math.sin(yaw);
    const d = x * Math.sin(yaw) + y * Math.cos(yaw);
    return [450 + zoom * a,
            205 - zoom * (z * Math.cos(pitch) + d * Math.sin(pitch))];
  };
  const has = p => p && p.every(v => v !== null);
  const seg = (a, b, c) => { const p = flat(a), q = flat(b);
    return `<line class="${c}" x1="${p[0]}" y1="${p[1]}" x2="${q[0]}"` +
           ` y2="${q[1]}"/>`; };
  const dot = (p, r, c) => { const q = flat(p);
    return `<circle class="${c}" cx="${q[0]}" cy="${q[1]}" r="${r}"/>`; };
  const draw = () => {
    const f = F[at];
    let s = "";
    for (let i = -5; i <= 5; i++) {
      s += seg([i * 200, -1000, 0], [i * 200, 1000, 0], "ground");
      s += seg([-1000, i * 200, 0], [1000, i * 200, 0], "ground");
    }
    if (has(f[5])) { s += dot(f[5], 9, "target") + dot(f[5], 3, "target"); }
    const arm = f[3].filter(has);
    s += `<polyline class="link k${f[1]}" points="` +
         arm.map(p => flat(p).join(",")).join(" ") + `"/>`;
    for (const p of arm) s += dot(p, 4.5, "joint");
    f[4].forEach((p, i) => {
      if (has(p)) s += dot(p, Math.max(4, zoom * data.radii[i]), "hand");
    });
    svg.innerHTML = s;
    slider.value = at;
    say.textContent = f[0].toFixed(2) + " s · " + states[f[2]] +
      " · rung " + rungs[f[1]] +
      (f[6] === null ? "" : " · separation " + f[6].toFixed(3) + " m");
  };
  const stop = () => {
    cancelAnimationFrame(timer); timer = null; button.textContent = "Play";
  };
  const tick = now => {
    const t = (now - began) / 1000;
    while (at < F.length - 1 && F[at + 1][0] <= t) at++;
    draw();
    if (at >= F.length - 1) return stop();
    timer = requestAnimationFrame(tick);
  };
  button.onclick = () => {
    if (timer !== null) return stop();
    if (at >= F.length - 1) at = 0;
    began = performance.now() - F[at][0] * 1000;
    button.textContent = "Pause";
    timer = requestAnimationFrame(tick);
  };
  slider.max = F.length - 1;
  slider.oninput = () => { stop(); at = +slider.value; draw(); };
  let from = null;
  svg.onpointerdown = e => {
    from = [e.clientX, e.clientY]; svg.setPointerCapture(e.pointerId); };
  svg.onpointerup = () => { from = null; };
  svg.onpointermove = e => {
    if (!from) return;
    yaw += (e.clientX - from[0]) * 0.008;
    pitch = Math.max(-0.1, Math.min(1.5,
                     pitch + (e.clientY - from[1]) * 0.006));
    from = [e.clientX, e.clientY];
    draw();
  };
  at = Math.floor(F.length / 2);
  draw();
})();
)js";

}  // namespace tactus::trace
