// What the transport's panels show: pure functions from numbers to shapes.

const MOST_ARROWS = 24;

function cumulative(values) {
  const running = new Float64Array(values.length + 1);
  values.forEach((v, i) => { running[i + 1] = running[i] + v; });
  const all = running[values.length] || 1;
  return running.map((v) => v / all);
}

// Rows come as one float32 scale each and 16-bit parts of it; see `pack16` in Python.
function unpack(model, header) {
  const bins = header.x.bins;
  const count = header.rows.length;
  const view = model.get("rows");
  const bytes = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
  const scale = new Float32Array(bytes, 0, count);
  const parts = new Uint16Array(bytes, 4 * count);
  const steps = Array.from({ length: header.steps + 1 }, (_, k) => k);
  const curve = (k, r) => Float32Array.from(parts.subarray((k * count + r) * bins, (k * count + r + 1) * bins), (q) => (q / 65535) * scale[r]);
  const rows = header.rows.map((_, r) => steps.map((k) => curve(k, r)));
  const elements = header.elements.map(({ name }) => {
    const own = rows.filter((_, r) => header.rows[r].element === name);
    return steps.map((k) => sum(own.map((row) => row[k]), bins));
  });
  const totals = steps.map((k) => sum(elements.map((e) => e[k]), bins));
  const packed = model.get("moves");
  const moved = new Uint16Array(packed.buffer.slice(packed.byteOffset, packed.byteOffset + packed.byteLength));
  const moves = (k, i, side) => moved[(k * bins + i) * 2 + side] / 65535;
  return { rows, elements, totals, shares: totals.map(cumulative), moves };
}

// A curve between two steps.
function blend(curves, at) {
  const k = Math.floor(at + 1e-9);
  const u = at - k;
  if (u < 1e-6) return curves[k];
  return curves[k].map((v, i) => v + u * (curves[k + 1][i] - v));
}

function drawDensity(stack, { entries, hidden, layers, total, first, goal, selected }) {
  const g = stack.layers.density;
  g.replaceChildren();
  let floor = new Float32Array(total.length);
  entries.forEach(({ element, label, colour }, e) => {
    if (hidden.has(element)) return;
    const top = sum([floor, layers[e]], total.length);
    g.append(svg("path", { class: "ddos-layer", d: stack.area("density", floor, top), fill: colour, "data-element": element, "data-layer": label }));
    floor = top;
  });
  if (goal.length) g.append(svg("path", { class: "ddos-goal", d: stack.line("density", goal) }));
  if (first) g.append(svg("path", { class: "ddos-start", d: stack.line("density", first) }));
  // With an element hidden the outline is that of what is left, so that the two agree.
  g.append(svg("path", { class: "ddos-total", d: stack.line("density", hidden.size ? floor : total) }));
  if (selected) g.append(svg("path", { class: "ddos-site", d: stack.line("density", selected) }));
}

function drawShare(stack, { share, first, goal }) {
  const g = stack.layers.share;
  g.replaceChildren();
  if (goal) {
    g.append(svg("path", { class: "ddos-gap", d: stack.area("share", goal, share, stack.face) }));
    g.append(svg("path", { class: "ddos-goal", d: stack.line("share", goal, stack.face) }));
  }
  if (first) g.append(svg("path", { class: "ddos-start", d: stack.line("share", first, stack.face) }));
  g.append(svg("path", { class: "ddos-total", d: stack.line("share", share, stack.face) }));
  // Nothing passes the ends of the window: there the share is 0 and 1 in every step.
  [[0, 0], [share.length - 1, 1]].forEach(([f, v]) => {
    g.append(svg("circle", { class: "ddos-pin", cx: stack.x(stack.face(f)), cy: stack.y("share", v), r: 4 }));
  });
}

function drawMoves(stack, { k, moves, before, stride, moving, width }) {
  const g = stack.layers.moves;
  g.replaceChildren();
  const middle = (SIDE.left + stack.size.width - SIDE.right) / 2;
  const say = (text) => g.append(svg("text", { class: "ddos-say", x: middle, y: stack.y("moves", 0.5) + 4 }, text));
  if (!k) return say("nothing has moved yet");
  if (!moving) return say("this model corrects the curve and moves no states");
  const most = Math.max(...before, 1e-12);
  const zero = stack.y("moves", 0);
  before.forEach((mass, i) => {
    const [a, b] = [stack.x(stack.face(i)), stack.x(stack.face(i + 1))];
    // Where there are next to no states, moves may be large and yet move nothing: they fade out.
    const opacity = Math.max(0.08, Math.min(1, (10 * mass) / most)).toFixed(2);
    for (const [side, cls] of [[1, "ddos-more"], [0, "ddos-less"]]) {
      const end = stack.y("moves", (side ? 1 : -1) * moves(k - 1, i, side));
      g.append(svg("rect", { class: cls, x: a + 0.5, width: Math.max(b - a - 1, 0.8), y: Math.min(zero, end), height: Math.abs(end - zero), opacity }));
    }
  });
  const block = Math.ceil(before.length / MOST_ARROWS);
  for (let from = 0, lane = 0; from < before.length; from += block) {
    let i = from;
    for (let j = from; j < Math.min(from + block, before.length); j++) if (before[j] > before[i]) i = j;
    const move = (moves(k - 1, i, 1) - moves(k - 1, i, 0)) * stride * width;
    if (before[i] < 0.02 * most || Math.abs(move) < 0.1 * width) continue;
    const at = stack.y("moves", 1.2 + 0.18 * (lane++ % 3));
    const [x0, x1] = [stack.x(stack.energy(i)), stack.x(stack.energy(i) + move)];
    const head = Math.sign(x1 - x0) * Math.min(6, Math.abs(x1 - x0));
    const half = Math.max(1.6, 0.53 * Math.abs(head)).toFixed(1);
    g.append(svg("circle", { class: "ddos-tail", cx: x0, cy: at, r: 1.8 }));
    g.append(svg("path", { class: move > 0 ? "ddos-arrow ddos-more" : "ddos-arrow ddos-less", d: `M${x0} ${at}L${x1 - head} ${at}M${x1} ${at}l${-head} ${-half}v${2 * half}z` }));
  }
}

function drawChange(stack, { before, after, part }) {
  const g = stack.layers.change;
  g.replaceChildren();
  if (!part) return;
  const change = after.map((v, i) => part * (v - before[i]));
  const none = new Float32Array(change.length);
  g.append(svg("path", { class: "ddos-more", d: stack.area("change", none, change.map((v) => Math.max(v, 0))) }));
  g.append(svg("path", { class: "ddos-less", d: stack.area("change", none, change.map((v) => Math.min(v, 0))) }));
}

function sparkline(values, k) {
  const node = svg("svg", { class: "ddos-spark", viewBox: "0 0 96 30", width: 96, height: 30, "aria-hidden": "true" });
  const high = Math.max(...values, 1e-12);
  const x = (i) => 4 + (88 * i) / Math.max(values.length - 1, 1);
  const y = (v) => 27 - (22 * v) / high;
  node.append(svg("line", { class: "ddos-axis", x1: 2, x2: 94, y1: 27, y2: 27 }));
  node.append(svg("path", { class: "ddos-trend", d: polyline(values.map((v, i) => [x(i), y(v)])) }));
  node.append(svg("circle", { class: "ddos-here", cx: x(k), cy: y(values[k]), r: 3.4 }));
  return node;
}
