// What is selected and where the cursor is, over both map and curves.

function drawMarks(v) {
  const { model, grid, x, cursor, over } = v;
  const tall = v.names().length * v.rowHeight();
  const marks = v.below.querySelector(".ddos-marks");
  const range = model.get("energy_range");
  const span = [grid.face(0), grid.face(grid.bins)];
  over.replaceChildren();
  // The map keeps its colours: what is outside the range is veiled instead.
  if (range) drawVeil(v, range, tall);
  drawRangeOn(marks, range, { x, span, top: 0, bottom: v.base });
  if (cursor) {
    const at = x(grid.energy(cursor.bin));
    for (const [layer, height] of [[over, tall], [marks, v.base]]) layer.append(svg("line", { class: "ddos-cursor", x1: at, x2: at, y1: 0, y2: height }));
  }
  drawNames(v);
  if (!cursor) return;
  const [each, wide] = [v.rowHeight(), v.inner() / grid.bins];
  over.append(svg("rect", { class: "ddos-cell", x: x(grid.face(cursor.bin)), y: cursor.row * each, width: wide, height: each }));
}

function drawVeil(v, range, height) {
  const { grid, x, over } = v;
  const right = v.size - EDGE.right;
  const [a, b] = range.map((e) => x(Math.max(grid.face(0), Math.min(grid.face(grid.bins), e))));
  over.append(svg("rect", { class: "ddos-veil", x: EDGE.left, y: 0, width: Math.max(a - EDGE.left, 0), height }));
  over.append(svg("rect", { class: "ddos-veil", x: b, y: 0, width: Math.max(right - b, 0), height }));
  for (const edge of [a, b]) over.append(svg("line", { class: "ddos-edge", x1: edge, x2: edge, y1: 0, y2: height }));
}

function drawNames(v) {
  const { over, cursor } = v;
  const rows = v.names();
  const each = v.rowHeight();
  const chosen = new Set(v.model.get("selected_sites"));
  const every = Math.ceil(11 / each);
  const whole = rows.map((_, r) => v.sitesOf(r).every((i) => chosen.has(i)));
  rows.forEach((name, r) => {
    const on = whole[r];
    if (on) over.append(svg("rect", { class: "ddos-frame", x: EDGE.left, y: r * each, width: v.inner(), height: each }));
    // Names of selected rows are always there, and their neighbours make room.
    if (!on && cursor?.row !== r && (r % every || (every > 1 && (whole[r - 1] || whole[r + 1])))) return;
    over.append(svg("text", { class: on ? "ddos-chosen" : "", x: EDGE.left - 8, y: (r + 0.5) * each + 4, "text-anchor": "end" }, name));
  });
}

function weightAt(v, bin, row) {
  const cells = octets(v.model.get("weights"));
  const columns = cells.length / v.names().length;
  return weightOf(cells[row * columns + Math.floor(bin / Math.ceil(v.grid.bins / columns))]) * v.model.get("largest");
}

// Colour, name and value of what is under the pointer: a cell of the map, or the curves at a bin.
function tipLines(v, bin, row) {
  const { header, model, labels } = v;
  if (row !== null) {
    return [
      ["var(--ddos-accent)", `attention to ${v.names()[row]}`, `${(100 * weightAt(v, bin, row)).toFixed(1)} %`],
      ["transparent", "an equal share", `${((100 * v.sitesOf(row).length) / labels.length).toFixed(1)} %`],
    ];
  }
  const values = floats(model.get("curves"));
  const lines = model.get("panels").map(({ label, colour, known }, p) => {
    const at = (which) => short(values[(3 * p + which) * v.grid.bins + bin]);
    return [colour, label, `${at(0)}  (${at(1)}${known ? `; ${at(2)}` : ""})`];
  });
  return [...lines, ["transparent", "in brackets", `attention × total${header.reference ? `; ${header.reference}` : ""}`]];
}

function showTip(v, bin, row) {
  const { tip, scroll, grid } = v;
  const table = html("table");
  for (const [paint, name, value] of tipLines(v, bin, row)) {
    const swatch = html("span", { class: "ddos-swatch", style: `background:${paint}` });
    table.append(html("tr", {}, html("td", {}, swatch, ` ${name}`), html("td", {}, value)));
  }
  tip.replaceChildren(html("b", {}, `${short(grid.energy(bin))} ${v.header.xUnit}`), table);
  tip.hidden = false;
  const at = v.x(grid.energy(bin));
  const left = at + 14 + tip.offsetWidth < v.size ? at + 14 : at - tip.offsetWidth - 14;
  const top = row === null ? scroll.offsetHeight : Math.max(0, (row + 1) * v.rowHeight() - scroll.scrollTop + 4);
  tip.style.transform = `translate(${left}px, ${top}px)`;
}
