// What mouse and keys do on the map and on the curves below it.

function addPointer(v) {
  const { map, scroll, below } = v;
  const place = (event) => {
    const px = event.clientX - map.getBoundingClientRect().left;
    const py = event.clientY - scroll.getBoundingClientRect().top + scroll.scrollTop;
    const row = Math.max(0, Math.min(v.names().length - 1, Math.floor(py / v.rowHeight())));
    return { px, bin: v.binAt(px), row: event.currentTarget === scroll ? row : null };
  };
  for (const area of [scroll, below]) addDrag(v, area, place);
}

// Names are left of the plot: pressed there, a row is switched; anywhere else energies are selected.
function addDrag(v, area, place) {
  const { model, grid, x } = v;
  let drag = null;
  const put = (first, last) => v.chooseRange(grid.rangeOf(first, last));
  area.addEventListener("pointerdown", (event) => {
    const { px, bin, row } = place(event);
    if (event.button !== 0 || px > v.size) return;
    drag = { px, anchor: bin, row, moved: false };
    if (px >= EDGE.left) {
      const range = model.get("energy_range");
      if (range && Math.abs(px - x(range[0])) < 6) drag.anchor = grid.cellsIn(range)[1];
      else if (range && Math.abs(px - x(range[1])) < 6) drag.anchor = grid.cellsIn(range)[0];
      area.setPointerCapture(event.pointerId);
    }
    v.map.focus({ preventScroll: true });
    event.preventDefault();
  });
  area.addEventListener("pointermove", (event) => {
    const { px, bin, row } = place(event);
    if (px >= EDGE.left) showTip(v, bin, row);
    if (!drag || drag.px < EDGE.left) return;
    if (Math.abs(px - drag.px) > 4) drag.moved = true;
    if (drag.moved) put(drag.anchor, bin);
  });
  area.addEventListener("pointerup", (event) => {
    if (!drag) return;
    const { bin } = place(event);
    const chosen = grid.cellsIn(model.get("energy_range"));
    if (drag.px < EDGE.left) {
      if (drag.row !== null) v.toggleRow(drag.row);
    } else if (!drag.moved) {
      if (chosen && bin >= chosen[0] && bin <= chosen[1]) v.chooseRange(null);
      else put(bin, bin);
    }
    drag = null;
  });
  area.addEventListener("pointercancel", () => { drag = null; });
  area.addEventListener("pointerleave", () => { if (!v.cursor) v.tip.hidden = true; });
}

function moveCursor(v, dx, dy, extend) {
  const { grid, scroll } = v;
  const chosen = grid.cellsIn(v.model.get("energy_range"));
  v.cursor ??= { bin: chosen ? chosen[1] : grid.bins >> 1, row: 0, anchor: null };
  const { cursor } = v;
  if (!extend) cursor.anchor = null;
  else cursor.anchor ??= cursor.bin;
  cursor.bin = Math.max(0, Math.min(grid.bins - 1, cursor.bin + dx));
  cursor.row = Math.max(0, Math.min(v.names().length - 1, cursor.row + dy));
  if (extend) v.chooseRange(grid.rangeOf(cursor.anchor, cursor.bin));
  const each = v.rowHeight();
  scroll.scrollTop = Math.max(Math.min(scroll.scrollTop, cursor.row * each), (cursor.row + 1) * each - scroll.clientHeight);
  drawMarks(v);
  showTip(v, cursor.bin, cursor.row);
}

function letGo(v) {
  v.cursor = null;
  v.tip.hidden = true;
  v.chooseRange(null);
  v.chooseSites([]);
  drawMarks(v);
}

function addKeys(v) {
  const { header, asked, grid } = v;
  const arrows = {
    ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
    PageUp: [-10, 0], PageDown: [10, 0], Home: [-grid.bins, 0], End: [grid.bins, 0],
  };
  const turn = (name, by, low, count) => v.setChoice(name, low + ((asked[name].now() - low + by + count) % count));
  v.map.addEventListener("keydown", (event) => {
    const { key } = event;
    const arrow = arrows[key];
    if (arrow) moveCursor(v, ...arrow, event.shiftKey && arrow[0] !== 0);
    else if (key === "[" || key === "]") turn("head", key === "]" ? 1 : -1, -1, header.heads + 1);
    else if (key === "," || key === ".") turn("layer", key === "." ? 1 : -1, 0, header.layers);
    else if (key === "Enter" || key === " ") v.toggleRow((v.cursor ??= { bin: 0, row: 0, anchor: null }).row);
    else if (key === "Escape") letGo(v);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}
