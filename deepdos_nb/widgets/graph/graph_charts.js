// Small charts beside the graph: distance shells, degrees, and the features of one edge.

const CHART = { width: 320, left: 34, right: 8, top: 18, bottom: 30 };

function chart(height, title, label, low, high, most, whole = false) {
  const node = svg("svg", { class: "ddos-chart", viewBox: `0 0 ${CHART.width} ${height}`, role: "img", "aria-label": title });
  const [left, right] = [CHART.left, CHART.width - CHART.right];
  const x = straight(low, high, left, right);
  const y = straight(0, most, height - CHART.bottom, CHART.top);
  valueAxis(node, { y, left, right, marks: ticks(0, most, 3).filter((v) => !whole || v % 1 === 0), gap: 5 });
  node.append(svg("text", { class: "label", x: left, y: 11 }, title));
  node.append(svg("text", { x: right, y: height - 3, "text-anchor": "end" }, label));
  return { node, x, y, floor: height - CHART.bottom };
}

const numbersBelow = ({ node, x, floor }, marks) => lowerAxis(node, { x, bottom: floor, marks, stroke: 0, drop: 13 });

function shellChart(header, shells, reach, chosen) {
  const counts = shells.map((s) => Object.values(s.counts).reduce((a, b) => a + b, 0));
  const most = Math.max(...counts, 1);
  const c = chart(132, "Distance shells", "distance (Å)", 0, reach * 1.04, most * 1.05, true);
  numbersBelow(c, ticks(0, reach, 6).slice(0, -1));
  const points = Array.from({ length: 61 }, (_, i) => {
    const r = (reach * i) / 60;
    return [c.x(r), c.y(most * 0.5 * (Math.cos((Math.PI * r) / reach) + 1))];
  });
  shells.forEach((s, i) => {
    let floor = 0;
    const near = chosen !== null && Math.abs(chosen - s.distance) < 0.06;
    for (const [name, n] of Object.entries(s.counts)) {
      const colour = header.elements.find((e) => e.name === name).colour;
      const bar = svg("rect", { x: c.x(s.distance) - 3, y: c.y(floor + n), width: 6, height: c.y(floor) - c.y(floor + n), fill: colour, class: near ? "ddos-near" : "" });
      bar.append(svg("title", {}, `${n} ${name} at ${s.distance.toFixed(3)} Å, cutoff weight ${s.weight.toFixed(2)}`));
      c.node.append(bar);
      floor += n;
    }
    if (shells.length <= 9) c.node.append(svg("text", { x: c.x(s.distance), y: c.y(counts[i]) - 3, "text-anchor": "middle" }, String(counts[i])));
  });
  c.node.append(svg("path", { class: "ddos-cutoff", d: polyline(points) }));
  c.node.append(svg("line", { class: "ddos-edge", x1: c.x(reach), x2: c.x(reach), y1: CHART.top, y2: c.floor }));
  return c.node;
}

function degreeChart(degrees, here) {
  const values = degrees.map(([d]) => d);
  const [low, high] = [Math.min(...values) - 1.5, Math.max(...values) + 1.5];
  const most = Math.max(...degrees.map(([, n]) => n));
  const c = chart(92, "Neighbours per atom", "neighbours", low, high, most * 1.05, true);
  const wide = Math.min(16, (0.7 * (CHART.width - CHART.left - CHART.right)) / (high - low));
  let last = -1e9;
  for (const [d, n] of degrees) {
    const bar = svg("rect", { x: c.x(d) - wide / 2, y: c.y(n), width: wide, height: c.floor - c.y(n), class: d === here ? "ddos-here" : "ddos-bar-soft" });
    bar.append(svg("title", {}, `${n} atoms with ${d} neighbours`));
    c.node.append(bar);
    if (c.x(d) - last > 20) numbersBelow(c, [d]), (last = c.x(d));
  }
  return c.node;
}

function basisChart(centres, basis, distance) {
  const high = centres[centres.length - 1] + 0.3;
  const c = chart(112, "Features of the edge: Gaussians × cutoff", "centre (Å)", 0, high, 1);
  numbersBelow(c, [0, 2, 4, 6]);
  const wide = 0.8 * (c.x(centres[1]) - c.x(centres[0]));
  centres.forEach((v, i) => {
    const value = basis[i] ?? 0;
    const bar = svg("rect", { class: "ddos-here", x: c.x(v) - wide / 2, y: c.y(value), width: wide, height: c.floor - c.y(value) });
    bar.append(svg("title", {}, `${v.toFixed(2)} Å: ${value.toFixed(3)}`));
    c.node.append(bar);
  });
  if (distance !== null) c.node.append(svg("line", { class: "ddos-cursor", x1: c.x(distance), x2: c.x(distance), y1: CHART.top, y2: c.floor }));
  else c.node.append(svg("text", { x: c.x(high / 2), y: c.floor - 26, "text-anchor": "middle" }, "select an edge"));
  return c.node;
}
