// What the laboratory's pictures show: masses with their negatives, and every scheme's way.

function drawMasses(stack, { values, start, target, hatch }) {
  const g = stack.layers.mass;
  g.replaceChildren();
  const { low, high } = stack.part.mass;
  const within = (v) => Math.max(low, Math.min(high, v));
  const zero = stack.y("mass", 0);
  const below = stack.y("mass", low);
  if (low < -0.05 * high) {
    g.append(svg("rect", { class: "ddos-forbidden", x: SIDE.left, y: zero, width: stack.size.width - SIDE.left - SIDE.right, height: below - zero }));
    g.append(svg("text", { class: "ddos-forbid", x: SIDE.left + 6, y: below - 6 }, "less than nothing"));
  }
  const none = new Float32Array(values.length);
  const positive = values.map((v) => within(Math.max(v, 0)));
  g.append(svg("path", { class: "ddos-mass", d: `${stack.stairs("mass", positive)}L${stack.stairs("mass", none.slice()).slice(1).split("L").reverse().join("L")}Z` }));
  let beyond = 0;
  values.forEach((v, i) => {
    const [a, b] = [stack.x(stack.face(i)), stack.x(stack.face(i + 1))];
    if (v < -1e-10) {
      const depth = Math.max(stack.y("mass", within(v)) - zero, 1.5);
      g.append(svg("rect", { class: "ddos-negative", x: a, y: zero, width: b - a, height: depth, fill: hatch }));
    }
    if (v > high || v < low) {
      const [tip, way] = v > high ? [stack.y("mass", high), -1] : [below, 1];
      beyond++;
      g.append(svg("path", { class: v > high ? "ddos-over" : "ddos-over ddos-under", d: `M${(a + b) / 2 - 4} ${tip}h8l-4 ${6 * way}z` }));
    }
  });
  g.append(svg("path", { class: "ddos-start", d: stack.stairs("mass", start) }));
  g.append(svg("path", { class: "ddos-goal", d: stack.stairs("mass", target) }));
  g.append(svg("line", { class: "ddos-nought", x1: SIDE.left, x2: stack.size.width - SIDE.right, y1: zero, y2: zero }));
  const right = stack.size.width - SIDE.right - 4;
  const says = [["ddos-start", "start"], ["ddos-goal", "target"]];
  says.forEach(([cls, text], i) => {
    const at = SIDE.top + 10 + 15 * i;
    g.append(svg("line", { class: cls, x1: right - 70, x2: right - 46, y1: at - 4, y2: at - 4 }), svg("text", { x: right - 40, y: at }, text));
  });
  if (beyond) g.append(svg("text", { class: "ddos-forbid", x: right, y: SIDE.top + 40, "text-anchor": "end" }, `${beyond} cells off the scale`));
}

// Wasserstein distance to the target after every step: the chosen scheme in colour, the rest grey.
function drawWays(host, { ways, rows, chosen, unit, step }) {
  const [width, height] = [Math.max(host.clientWidth, 240), 288];
  const [left, right, top, bottom] = [46, 40, SIDE.top, SIDE.bottom];
  const node = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Wasserstein distance to the target after every step, for every scheme" });
  const length = Math.max(ways[0].length - 1, 1);
  const high = 1.25 * Math.max(...ways.map((w) => w[0]), 1e-12);
  const x = straight(0, length, left, width - right);
  const y = (v) => straight(0, high, height - bottom, top)(Math.min(v, high));
  const put = (...parts) => node.append(svg(...parts));
  put("text", { class: "ddos-panel", x: left, y: SIDE.top - 7 }, `Wasserstein distance to the target (${unit})`);
  valueAxis(node, { y, left, right: width - right, marks: ticks(0, high, 4) });
  lowerAxis(node, { x, bottom: height - bottom, marks: ticks(0, length, 6).filter(Number.isInteger), stroke: 0 });
  lowerTitle(node, (left + width - right) / 2, height - 5, "Step  (✗ first negative mass)");
  const order = rows.map((_, i) => i).sort((a, b) => chosen(rows[a]) - chosen(rows[b]));
  for (const i of order) {
    const known = Array.from(ways[i]).filter((v) => Number.isFinite(v));
    const mine = chosen(rows[i]);
    put("path", { class: mine ? "ddos-way ddos-mine" : "ddos-way", d: polyline(known.map((v, k) => [x(k), y(v)])) });
    const { broke } = rows[i];
    if (broke !== null) {
      const [cx, cy] = [x(broke), y(known[broke])];
      put("path", { class: mine ? "ddos-cross ddos-mine" : "ddos-cross", d: `M${cx - 3.5} ${cy - 3.5}l7 7m0 -7l-7 7` });
    }
    if (mine) put("circle", { class: "ddos-here", cx: x(step), cy: y(known[Math.min(step, known.length - 1)]), r: 4 });
  }
  nameWays(put, { ways, rows, chosen, x, y, right: width - right });
  host.replaceChildren(node);
}

// The number of each scheme at the end of its way, as in the table; ways that end together share it.
function nameWays(put, { ways, rows, chosen, x, y, right }) {
  const ends = rows.map((row, i) => {
    const known = Array.from(ways[i]).filter((v) => Number.isFinite(v));
    return { names: [i + 1], mine: chosen(row), x: x(known.length - 1), y: y(known.at(-1)) };
  });
  const labels = [];
  for (const end of ends.sort((a, b) => a.y - b.y)) {
    const last = labels.at(-1);
    if (last && end.y - last.y < 9) {
      last.names.push(...end.names);
      last.mine ||= end.mine;
    } else labels.push({ ...end });
  }
  for (const { names, mine, y: at } of labels) {
    put("text", { class: mine ? "ddos-name-way ddos-mine" : "ddos-name-way", x: right + 6, y: at + 4 }, names.sort((a, b) => a - b).join(" "));
  }
}
