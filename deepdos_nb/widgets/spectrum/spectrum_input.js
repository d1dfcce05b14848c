// What mouse and keys do: select energies, move the step, play.

function addActions(v) {
  const { model } = v;
  v.setStep = (k) => {
    model.set("step", Math.max(0, Math.min(v.d.header.steps, k)));
    model.save_changes();
  };
  v.togglePlay = () => {
    const on = !model.get("playing");
    if (on && v.step() === v.d.header.steps) model.set("step", 0);
    model.set("playing", on);
    model.save_changes();
  };
}

function addPointer(v) {
  const { canvas, plot, model, x, binAt } = v;
  const pointerX = pointerOn(canvas, () => v.size.width);
  const peak = () => {
    const total = v.d.totals[v.step()];
    return total.indexOf(Math.max(...total));
  };
  v.range = rangePicker({ model, plot, canvas, grid: () => v.d.grid, x, binAt, pointerX, peak });
  canvas.addEventListener("pointermove", (event) => hover(v, pointerX(event)));
  canvas.addEventListener("pointerleave", () => hideHover(v));
}

// Returns whether the key was one of the steps'; the notebook cancels the slider's own arrow keys.
function stepKey(v, { key, target }) {
  const onSlider = target === v.slider;
  if (!onSlider && target !== v.plot) return false;
  const move = { ArrowLeft: -1, ArrowRight: 1 }[key] ?? (onSlider ? { ArrowUp: 1, ArrowDown: -1 }[key] : 0);
  if (move) v.setStep(v.step() + move);
  else if (key === "Home") v.setStep(0);
  else if (key === "End") v.setStep(v.d.header.steps);
  else if (key === " ") v.togglePlay();
  else return false;
  return true;
}

function addKeys(v) {
  v.root.addEventListener("keydown", (event) => {
    if (!v.range.key(event) && !stepKey(v, event)) return;
    event.preventDefault();
    event.stopPropagation();
  });
}
