// Spectra under a map, one row each: what was predicted, what attention alone would give, what is
// known. Rows of one kind share a scale, so that their heights can be compared.

const ROW_HEIGHT = 58;

function drawPanels(canvas, panels, curves, frame) {
  const { header, grid, x, left, right, width } = frame;
  const { bins, energy } = grid;
  const row = (p, which) => curves.subarray((3 * p + which) * bins, (3 * p + which + 1) * bins);
  const height = panels.length * ROW_HEIGHT + 40;
  canvas.replaceChildren();
  canvas.setAttribute("viewBox", `0 0 ${width} ${height}`);
  canvas.style.height = `${height}px`;
  const highest = (ofSites) => {
    let most = 1e-12;
    panels.forEach(({ site, known }, p) => {
      if (site >= 0 !== ofSites) return;
      for (const which of known ? [0, 1, 2] : [0, 1]) for (const v of row(p, which)) most = Math.max(most, v);
    });
    return most;
  };
  const scales = { site: highest(true), element: highest(false) };
  panels.forEach(({ label, colour, site, known }, p) => {
    const most = scales[site >= 0 ? "site" : "element"] * 1.08;
    const floor = (p + 1) * ROW_HEIGHT;
    const y = straight(0, most, floor, floor - ROW_HEIGHT + 7);
    const path = (values) => polyline(Array.from(values, (v, i) => [x(energy(i)), y(v)]));
    const g = svg("g", { "data-panel": label });
    const closed = `${path(row(p, 0))}L${x(grid.stop).toFixed(1)} ${floor}L${x(grid.start).toFixed(1)} ${floor}Z`;
    g.append(svg("path", { d: closed, fill: colour, "fill-opacity": 0.35 }));
    g.append(svg("path", { class: "ddos-predicted", d: path(row(p, 0)), stroke: colour }));
    g.append(svg("path", { class: "ddos-naive", d: path(row(p, 1)) }));
    if (known) g.append(svg("path", { class: "ddos-known", d: path(row(p, 2)) }));
    g.append(svg("line", { class: "ddos-axis", x1: left, x2: width - right, y1: floor, y2: floor }));
    g.append(svg("text", { class: site >= 0 ? "label ddos-chosen" : "label", x: left - 8, y: floor - 8, "text-anchor": "end" }, label));
    g.append(svg("text", { x: left - 8, y: y(most / 1.08) + 8, "text-anchor": "end" }, short(most / 1.08)));
    canvas.append(g);
  });
  const base = panels.length * ROW_HEIGHT;
  lowerAxis(canvas, { x, bottom: base, marks: ticks(grid.start, grid.stop, roomFor(width)) });
  if (header.zero) zeroLine(canvas, { x, top: 0, bottom: base });
  const zero = header.zero ? `, zero: ${header.zero}` : "";
  lowerTitle(canvas, (left + width - right) / 2, height - 6, `${header.xLabel} (${header.xUnit})${zero}`);
  canvas.append(svg("g", { class: "ddos-marks" }));
  return base;
}

function curveKey(header) {
  const entry = (cls, text) => {
    const icon = svg("svg", { width: 22, height: 10, "aria-hidden": "true" });
    icon.append(svg("line", { class: cls, x1: 0, x2: 22, y1: 5, y2: 5 }));
    return html("span", { class: "ddos-key" }, icon, text);
  };
  const entries = [entry("ddos-predicted", "predicted states"), entry("ddos-naive", "attention × total")];
  if (header.reference) entries.push(entry("ddos-known", header.reference));
  return html("div", { class: "ddos-keys" }, ...entries, html("span", { class: "ddos-key" }, header.yUnit));
}
