// Play, pause, a slider and arrow keys over numbered steps; for models with `step` and `playing`.

const PLAY = '<svg viewBox="0 0 12 12" aria-hidden="true"><path d="M2 0l10 6-10 6z"/></svg>';
const PAUSE = '<svg viewBox="0 0 12 12" aria-hidden="true"><path d="M1 0h4v12H1zM7 0h4v12H7z"/></svg>';

const restless = () => !matchMedia("(prefers-reduced-motion: reduce)").matches;

// `last()` is the number of the last step, `words(k)` what a step is called.
function player({ model, last, name, words, every = 900 }) {
  const play = html("button", { class: "ddos-play", type: "button" });
  const slider = html("input", { type: "range", min: "0", step: "1", class: "ddos-steps" });
  const label = html("label", {}, name);
  slider.id = `ddos-step-${Math.random().toString(36).slice(2)}`;
  label.htmlFor = slider.id;
  const now = html("span", { class: "ddos-now" });
  const node = html("div", { class: "ddos-controls" }, play, label, slider, now);

  const current = () => Math.min(model.get("step"), last());

  function go(k) {
    model.set("step", Math.max(0, Math.min(last(), k)));
    model.save_changes();
  }

  function toggle() {
    const on = !model.get("playing") && last() > 0;
    if (on && current() === last()) model.set("step", 0);
    model.set("playing", on);
    model.save_changes();
  }

  // The step at the end also stops; whichever of several linked views comes first, sets it.
  let timer = null;
  function arm() {
    clearTimeout(timer);
    if (!model.get("playing")) return;
    timer = setTimeout(() => {
      if (current() + 1 >= last()) model.set("playing", false);
      go(current() + 1);
    }, every);
  }

  function draw() {
    const k = current();
    node.hidden = last() === 0;
    slider.max = String(last());
    slider.value = String(k);
    slider.setAttribute("aria-valuetext", words(k));
    now.textContent = words(k);
    const on = model.get("playing");
    play.innerHTML = on ? PAUSE : PLAY;
    play.setAttribute("aria-label", on ? "Pause" : "Play the steps");
  }

  // Returns whether the key was one of ours; the notebook would cancel the slider's own.
  function key(event) {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const vertical = event.target === slider ? { ArrowUp: 1, ArrowDown: -1 }[event.key] : 0;
    if (move || vertical) go(current() + (move || vertical));
    else if (event.key === "Home") go(0);
    else if (event.key === "End") go(last());
    else if (event.key === " ") toggle();
    else return false;
    return true;
  }

  play.addEventListener("click", toggle);
  // JupyterLab takes the focus back on a mouse press; the arrow keys should stay with the slider.
  slider.addEventListener("click", () => slider.focus({ preventScroll: true }));
  slider.addEventListener("input", () => go(Number(slider.value)));

  const changed = () => { draw(); arm(); };
  model.on("change:step", changed);
  model.on("change:playing", changed);
  draw();
  arm();
  return {
    node, slider, play, current, go, key, draw,
    stop() {
      clearTimeout(timer);
      model.off("change:step", changed);
      model.off("change:playing", changed);
    },
  };
}
