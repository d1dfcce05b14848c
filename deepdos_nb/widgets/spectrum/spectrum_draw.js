// Axes, areas, curves and the selected range of a spectrum.

function drawAxes(v) {
  const { d } = v;
  const { header } = d;
  const g = v.layers.axes;
  const sites = v.mode() === "sites";
  g.replaceChildren();
  const [left, right, bottom, x] = [v.left, v.right(), v.bottom(), v.x];
  if (v.model.get("gap") && !sites) drawGap(v, g);
  valueAxis(g, { y: v.y, left, right, marks: sites ? [0] : ticks(0, d.highest * 1.06, 5), numbers: !sites });
  if (header.zero) {
    zeroLine(g, { x, top: v.top, bottom });
    zeroWords(g, { x, y: v.top + 8, words: header.zero });
  }
  const { lower } = v.layers;
  // Stays at the lower edge of what is seen, where there are more rows than fit.
  lower.replaceChildren(svg("rect", { class: "ddos-floor", x: 0, y: bottom + 1, width: v.size.width, height: MARGIN.bottom }));
  lowerAxis(lower, { x, bottom, marks: ticks(d.start, d.stop, roomFor(v.size.width)) });
  // Names of rows need the room of the side's title.
  const scale = sites ? `; ${siteScaleText(v)}` : "";
  lowerTitle(lower, (left + right) / 2, v.size.height - 6, `${header.xLabel} (${header.xUnit})${scale}`);
  if (!sites) sideTitle(g, 13, (v.top + bottom) / 2, header.yUnit);
  keepAxis(v);
}

function keepAxis(v) {
  const up = Math.max(0, v.size.height - v.seen - v.plot.scrollTop);
  v.layers.lower.setAttribute("transform", `translate(0 ${-up})`);
}

// The size of the drawing; rows that would overprint each other make it higher than what is seen.
function measure(v) {
  const width = v.plot.clientWidth;
  if (!width) return false;
  v.seen = Math.max(250, Math.min(340, width * 0.52));
  const rows = v.mode() === "sites" ? siteRows(v).length : 0;
  v.size = { width, height: Math.max(v.seen, MARGIN.top + MARGIN.bottom + rows * LEAST_ROW) };
  v.plot.classList.toggle("ddos-scrolls", v.size.height > v.seen);
  v.plot.style.maxHeight = v.size.height > v.seen ? `${v.seen}px` : "";
  return true;
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
  // The widest, which is the reference, lies on top.
  const shown = curvesOf(v).filter((curve) => !hidden.has(curve.name)).sort((a, b) => (a.width ?? 0) - (b.width ?? 0));
  // Rims in the colour of the page keep thin dashes legible on any element's area; all of them lie
  // below all curves, since two curves may coincide.
  for (const { colour, width, values } of shown) {
    if (colour) v.layers.lines.append(svg("path", { class: "ddos-rim", d: v.line(values), style: `stroke-width:${width + 2.6}` }));
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

const strokeOf = ({ colour, dash, width }) => (colour ? { style: `stroke:${colour};stroke-width:${width}`, "stroke-dasharray": dash } : {});

function drawRange(v) {
  const { d, x, top } = v;
  drawRangeOn(v.layers.range, v.model.get("energy_range"), { x, span: [d.start, d.stop], top, bottom: v.bottom() });
}
