// Selecting energies on a stack of panels: drag, click for one cell, keys; for models with
// `energy_range`.

function rangePicker({ model, stack, plot, x: { start, step, bins }, peak }) {
  const low = start;
  const high = start + step * (bins - 1);

  // Saved at once, though a drag makes many: the page holds back messages while one is on its way,
  // and knows then which echo from Python is out of date. A delay of our own would hide that from it.
  function put(first, last) {
    const from = Math.max(low, stack.energy(Math.min(first, last)) - step / 2);
    const to = Math.min(high, stack.energy(Math.max(first, last)) + step / 2);
    model.set("energy_range", [from, to].map((v) => Number(v.toPrecision(8))));
    model.save_changes();
  }

  function clear() {
    model.set("energy_range", null);
    model.save_changes();
  }

  function cells() {
    const range = model.get("energy_range");
    if (!range) return null;
    return [Math.ceil((range[0] - start) / step - 1e-6), Math.floor((range[1] - start) / step + 1e-6)];
  }

  function draw() {
    stack.under.replaceChildren();
    const range = model.get("energy_range");
    if (!range) return;
    const [a, b] = range.map((v) => stack.x(Math.max(low - step / 2, Math.min(high + step / 2, v))));
    const top = SIDE.top;
    const height = stack.size.height - SIDE.bottom - top;
    stack.under.append(svg("rect", { class: "ddos-range", x: a, y: top, width: Math.max(b - a, 2), height }));
    for (const at of [a, b]) stack.under.append(svg("line", { class: "ddos-edge", x1: at, x2: at, y1: top, y2: top + height }));
  }

  let drag = null;
  stack.canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const px = stack.pointerX(event);
    drag = { px, anchor: stack.binAt(px), moved: false };
    const chosen = cells();
    if (chosen) {
      const [a, b] = model.get("energy_range").map(stack.x);
      if (Math.abs(px - a) < 6) drag.anchor = chosen[1];
      else if (Math.abs(px - b) < 6) drag.anchor = chosen[0];
    }
    stack.canvas.setPointerCapture(event.pointerId);
    plot.focus({ preventScroll: true });
    event.preventDefault();
  });
  stack.canvas.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const px = stack.pointerX(event);
    if (Math.abs(px - drag.px) > 4) drag.moved = true;
    if (drag.moved) put(drag.anchor, stack.binAt(px));
  });
  stack.canvas.addEventListener("pointerup", (event) => {
    if (!drag) return;
    const chosen = cells();
    const i = stack.binAt(stack.pointerX(event));
    if (!drag.moved) {
      if (chosen && i >= chosen[0] && i <= chosen[1]) clear();
      else put(i, i);
    }
    drag = null;
  });
  stack.canvas.addEventListener("pointercancel", () => { drag = null; });

  function move(shift, grow) {
    const chosen = cells();
    if (!chosen) return put(peak(), peak());
    let [a, b] = chosen;
    if ((shift > 0 && b >= bins - 1) || (shift < 0 && a <= 0)) shift = 0;
    a += shift - grow;
    b += shift + grow;
    if (a <= b) put(Math.max(0, a), Math.min(bins - 1, b));
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

  return { draw, key };
}
