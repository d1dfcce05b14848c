// What mouse and keys do: select energies, move the step, play.

function addActions(v) {
  const { model } = v;
  v.setStep = (k) => {
    model.set("step", Math.max(0, Math.min(v.d.header.steps, k)));
    model.save_changes();
  };
  v.setRange = (first, last) => {
    const { d } = v;
    const low = Math.max(d.start, d.energy(Math.min(first, last)) - d.width / 2);
    const high = Math.min(d.stop, d.energy(Math.max(first, last)) + d.width / 2);
    model.set("energy_range", [low, high].map((e) => Number(e.toPrecision(8))));
    // At once, though a drag makes many: the page holds messages back while one is on its way, and
    // knows which of Python's answers are out of date. A delay of our own would hide that from it.
    model.save_changes();
  };
  v.clearRange = () => {
    model.set("energy_range", null);
    model.save_changes();
  };
  v.rangeBins = () => {
    const range = model.get("energy_range");
    if (!range) return null;
    const place = (e) => (e - v.d.start) / v.d.width;
    return [Math.ceil(place(range[0]) - 1e-6), Math.floor(place(range[1]) + 1e-6)];
  };
  v.togglePlay = () => {
    const on = !model.get("playing");
    if (on && v.step() === v.d.header.steps) model.set("step", 0);
    model.set("playing", on);
    model.save_changes();
  };
}

function addPointer(v) {
  const { canvas, plot, model } = v;
  const pointerX = (event) => {
    const box = canvas.getBoundingClientRect();
    return ((event.clientX - box.left) / box.width) * v.size.width;
  };
  let drag = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const px = pointerX(event);
    drag = { px, anchor: v.binAt(px), moved: false };
    const range = v.rangeBins();
    if (range) {
      const [a, b] = model.get("energy_range").map(v.x);
      if (Math.abs(px - a) < 6) drag.anchor = range[1];
      else if (Math.abs(px - b) < 6) drag.anchor = range[0];
    }
    canvas.setPointerCapture(event.pointerId);
    plot.focus({ preventScroll: true });
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    const px = pointerX(event);
    hover(v, px);
    if (!drag) return;
    if (Math.abs(px - drag.px) > 4) drag.moved = true;
    if (drag.moved) v.setRange(drag.anchor, v.binAt(px));
  });
  canvas.addEventListener("pointerup", (event) => {
    if (!drag) return;
    const range = v.rangeBins();
    const bin = v.binAt(pointerX(event));
    if (!drag.moved) {
      if (range && bin >= range[0] && bin <= range[1]) v.clearRange();
      else v.setRange(bin, bin);
    }
    drag = null;
  });
  canvas.addEventListener("pointercancel", () => { drag = null; });
  canvas.addEventListener("pointerleave", () => hideHover(v));
}

function moveRange(v, shift, grow) {
  const range = v.rangeBins();
  const total = v.d.totals[v.step()];
  const peak = total.indexOf(Math.max(...total));
  let [a, b] = range ?? [peak, peak];
  if (!range) shift = grow = 0;
  if (shift > 0 && b >= v.d.bins - 1) shift = 0;
  if (shift < 0 && a <= 0) shift = 0;
  a += shift - grow;
  b += shift + grow;
  if (a <= b) v.setRange(Math.max(0, a), Math.min(v.d.bins - 1, b));
}

function addKeys(v) {
  v.root.addEventListener("keydown", (event) => {
    // The notebook cancels the slider's own arrow keys, so they are handled here for both.
    const stepping = event.target === v.plot || event.target === v.slider;
    const arrow = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: 1, ArrowDown: -1 }[event.key];
    const sideways = event.key === "ArrowLeft" || event.key === "ArrowRight";
    if (event.shiftKey && arrow) moveRange(v, sideways ? arrow : 0, sideways ? 0 : arrow);
    else if (stepping && arrow && (sideways || event.target === v.slider)) v.setStep(v.step() + arrow);
    else if (stepping && event.key === "Home") v.setStep(0);
    else if (stepping && event.key === "End") v.setStep(v.d.header.steps);
    else if (stepping && event.key === " ") v.togglePlay();
    else if (event.key === "Escape") v.clearRange();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}
