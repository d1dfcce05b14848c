// The site view: one row for each set of equal sites, the first on top.

// Pixels a row needs for its name.
const LEAST_ROW = 15;

function siteRows(v) {
  const values = floats(v.model.get("site_curves"));
  const off = v.offElements();
  const rows = v.model.get("site_rows");
  return rows
    .map((row, i) => ({ ...row, values: values.subarray(i * v.d.bins, (i + 1) * v.d.bins) }))
    .filter((row) => !off.has(row.element));
}

// Pixels between two rows, and the density that fills them; peaks may reach into the row above.
function siteScale(v, rows) {
  const highest = Math.max(...rows.map((r) => Math.max(...r.values)), 1e-12);
  const spacing = (v.bottom() - v.top) / (rows.length + 0.45);
  return { spacing, density: highest / 1.35 };
}

function siteScaleText(v) {
  const rows = siteRows(v);
  return rows.length ? `rows ${short(siteScale(v, rows).density)} ${v.d.header.yUnit} apart` : v.d.header.yUnit;
}

function drawSites(v) {
  const rows = siteRows(v);
  const { spacing, density } = siteScale(v, rows);
  const selected = new Set(v.model.get("overlay").map((o) => o.site));
  const g = v.layers.areas;
  const size = Math.max(8, Math.min(11, spacing * 0.8));
  rows.forEach(({ label, colour, sites, values }, i) => {
    const base = v.bottom() - (rows.length - 1 - i) * spacing;
    const y = (value) => base - (value / density) * spacing;
    const on = sites.some((s) => selected.has(s));
    g.append(svg("line", { class: "ddos-grid", x1: v.left, x2: v.right(), y1: base, y2: base }));
    g.append(svg("path", { class: "ddos-ridge", d: v.area(new Float32Array(values.length), values, y), fill: colour, "fill-opacity": on ? 0.75 : 0.4, "data-row": label }));
    g.append(svg("path", { class: on ? "ddos-ridge-on" : "ddos-ridge-line", d: v.line(values, y), style: on ? "" : `stroke:${colour}` }));
    g.append(svg("text", { class: on ? "label" : "", x: v.left - 6, y: base - 2, "text-anchor": "end", style: `font-size:${size}px` }, label));
  });
}
