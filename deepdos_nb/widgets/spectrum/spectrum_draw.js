// Axes, areas, curves and the selected range of a spectrum.

function drawAxes(v) {
  const { d } = v;
  const { header } = d;
  const g = v.layers.axes;
  const sites = v.mode() === "sites";
  g.replaceChildren();
  const bottom = v.bottom();
  if (v.model.get("gap") && !sites) drawGap(v, g);
  for (const value of sites ? [0] : ticks(0, d.highest * 1.06, 5)) {
    g.append(svg("line", { class: value ? "ddos-grid" : "ddos-axis", x1: v.left, x2: v.right(), y1: v.y(value), y2: v.y(value) }));
    if (!sites) g.append(svg("text", { x: v.left - 6, y: v.y(value) + 4, "text-anchor": "end" }, short(value)));
  }
  for (const value of ticks(d.start, d.stop, Math.max(3, v.size.width / 90))) {
    g.append(svg("line", { class: "ddos-axis", x1: v.x(value), x2: v.x(value), y1: bottom, y2: bottom + 4 }));
    g.append(svg("text", { x: v.x(value), y: bottom + 16, "text-anchor": "middle" }, short(value)));
  }
  if (header.zero) {
    g.append(svg("line", { class: "ddos-zero", x1: v.x(0), x2: v.x(0), y1: v.top, y2: bottom }));
    const words = svg("text", { class: "ddos-zero-label", x: v.x(0) + 4, y: v.top + 8 });
    const [before, after] = header.zero.split("_F");
    words.append(before);
    if (after !== undefined) words.append(svg("tspan", { dy: 3, "font-size": 8 }, "F"), svg("tspan", { dy: -3 }, after || " "));
    g.append(words);
  }
  const middle = (v.left + v.right()) / 2;
  g.append(svg("text", { class: "label", x: middle, y: v.size.height - 6, "text-anchor": "middle" }, `${header.xLabel} (${header.xUnit})`));
  const half = (v.top + bottom) / 2;
  const unit = sites ? siteScaleText(v) : header.yUnit;
  g.append(svg("text", { class: "label", x: 13, y: half, transform: `rotate(-90 13 ${half})`, "text-anchor": "middle" }, unit));
}

function drawGap(v, g) {
  const [low, high] = v.model.get("gap");
  const [a, b] = [v.x(low), v.x(high)];
  g.append(svg("rect", { class: "ddos-gap", x: a, y: v.top, width: b - a, height: v.bottom() - v.top }));
  for (const edge of [a, b]) g.append(svg("line", { class: "ddos-gap-edge", x1: edge, x2: edge, y1: v.top, y2: v.bottom() }));
  const words = svg("text", { class: "ddos-gap-label", x: (a + b) / 2, y: v.top + 24, "text-anchor": "middle" });
  words.append(svg("tspan", { x: (a + b) / 2 }, "VB gap"), svg("tspan", { x: (a + b) / 2, dy: 13 }, `${(high - low).toFixed(2)} eV`));
  g.append(words);
}

function drawCurves(v) {
  const { d } = v;
  v.layers.areas.replaceChildren();
  v.layers.lines.replaceChildren();
  if (v.mode() === "sites") {
    drawSites(v);
    return;
  }
  const k = v.step();
  const off = v.offElements();
  const stacked = v.mode() === "elements";
  let floor = new Float32Array(d.bins);
  d.elements.forEach(({ name, colour }, e) => {
    if (!stacked || off.has(name)) return;
    const top = sum([floor, d.row(k, e)], d.bins);
    v.layers.areas.append(svg("path", { d: v.area(floor, top), fill: colour, "fill-opacity": d.lines.length ? 0.62 : 0.78, "data-element": name }));
    floor = top;
  });
  const hidden = v.offCurves();
  const shown = curvesOf(v).filter((curve) => !hidden.has(curve.name));
  // Rims in the colour of the page keep thin dashes legible on any element's area; all of them lie
  // below all curves, since two curves may coincide.
  for (const { colour, values } of shown) {
    if (colour) v.layers.lines.append(svg("path", { class: "ddos-rim", d: v.line(values) }));
  }
  for (const curve of shown) {
    if (curve.spread) {
      const low = curve.values.map((m, i) => Math.max(0, m - curve.spread[i]));
      const high = curve.values.map((m, i) => m + curve.spread[i]);
      v.layers.lines.append(svg("path", { class: "ddos-band", d: v.area(low, high) }));
    }
    // With an element hidden the outline is that of what is left, so that the two agree.
    const values = curve.name === "total" && stacked && off.size ? floor : curve.values;
    v.layers.lines.append(svg("path", { class: curve.cls, d: v.line(values), "data-curve": curve.name, ...strokeOf(curve) }));
  }
  v.model.get("overlay").forEach(({ values }, i) => {
    v.layers.lines.append(svg("path", { class: "ddos-site", d: v.line(values), "stroke-dasharray": DASHES[i % DASHES.length] }));
  });
}

const strokeOf = ({ colour, dash }) => (colour ? { style: `stroke:${colour}`, "stroke-dasharray": dash } : {});

function drawRange(v) {
  v.layers.range.replaceChildren();
  const range = v.model.get("energy_range");
  if (!range) return;
  const [a, b] = range.map((e) => v.x(Math.max(v.d.start, Math.min(v.d.stop, e))));
  const [top, bottom] = [v.top, v.bottom()];
  v.layers.range.append(svg("rect", { class: "ddos-range", x: a, y: top, width: Math.max(b - a, 2), height: bottom - top }));
  for (const edge of [a, b]) {
    v.layers.range.append(svg("line", { class: "ddos-edge", x1: edge, x2: edge, y1: top, y2: bottom }));
  }
}
