// Selecting energies: drag, click for one cell, keys; for models with `energy_range`.

// The selected range over a plot that shows the energies from `span[0]` to `span[1]`.
function drawRangeOn(layer, range, { x, span: [low, high], top, bottom }) {
  layer.replaceChildren();
  if (!range) return;
  const [a, b] = range.map((v) => x(Math.max(low, Math.min(high, v))));
  layer.append(svg("rect", { class: "ddos-range", x: a, y: top, width: Math.max(b - a, 2), height: bottom - top }));
  for (const at of [a, b]) layer.append(svg("line", { class: "ddos-edge", x1: at, x2: at, y1: top, y2: bottom }));
}

// `grid()` and `peak()` are asked when needed, since another crystal may have come;
// `x`, `binAt` and `pointerX` lead from energies to the canvas and back.
function rangePicker({ model, plot, canvas, grid, x, binAt, pointerX, peak }) {
  // Saved at once, though a drag makes many: the page holds back messages while one is on its way,
  // and knows then which echo from Python is out of date. A delay of our own would hide that from it.
  function choose(range) {
    model.set("energy_range", range);
    model.save_changes();
  }
  const put = (first, last) => choose(grid().rangeOf(first, last));
  const clear = () => choose(null);
  const cells = () => grid().cellsIn(model.get("energy_range"));

  let drag = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const px = pointerX(event);
    drag = { px, anchor: binAt(px), moved: false };
    const chosen = cells();
    if (chosen) {
      const [a, b] = model.get("energy_range").map(x);
      if (Math.abs(px - a) < 6) drag.anchor = chosen[1];
      else if (Math.abs(px - b) < 6) drag.anchor = chosen[0];
    }
    canvas.setPointerCapture(event.pointerId);
    plot.focus({ preventScroll: true });
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const px = pointerX(event);
    if (Math.abs(px - drag.px) > 4) drag.moved = true;
    if (drag.moved) put(drag.anchor, binAt(px));
  });
  canvas.addEventListener("pointerup", (event) => {
    if (!drag) return;
    const chosen = cells();
    const i = binAt(pointerX(event));
    if (!drag.moved) {
      if (chosen && i >= chosen[0] && i <= chosen[1]) clear();
      else put(i, i);
    }
    drag = null;
  });
  canvas.addEventListener("pointercancel", () => { drag = null; });

  function move(shift, grow) {
    const chosen = cells();
    if (!chosen) return put(peak(), peak());
    const last = grid().bins - 1;
    let [a, b] = chosen;
    if ((shift > 0 && b >= last) || (shift < 0 && a <= 0)) shift = 0;
    a += shift - grow;
    b += shift + grow;
    if (a <= b) put(Math.max(0, a), Math.min(last, b));
  }

  // Shift and arrows move, widen or narrow; Esc clears. Returns whether the key was ours.
  function key(event) {
    const along = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0;
    const across = { ArrowUp: 1, ArrowDown: -1 }[event.key] ?? 0;
    if (event.shiftKey && (along || across)) move(along, across);
    else if (event.key === "Escape") clear();
    else return false;
    return true;
  }

  return { key };
}

// The same on a stack of panels, with the range drawn behind them.
function stackRange({ model, stack, plot, peak }) {
  const { canvas, grid, x, binAt, pointerX } = stack;
  const picker = rangePicker({ model, plot, canvas, grid: () => grid, x, binAt, pointerX, peak });
  const span = [grid.face(0), grid.face(grid.bins)];
  const draw = () => drawRangeOn(stack.under, model.get("energy_range"), { x, span, top: SIDE.top, bottom: stack.size.height - SIDE.bottom });
  return { ...picker, draw };
}
