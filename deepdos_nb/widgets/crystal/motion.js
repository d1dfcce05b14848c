// Atoms that move as a wave: x + Re(u) cos ωt + Im(u) sin ωt, one swing in two seconds.

const SWING = 2000;

// `draw` is called for every picture; `places` says where the atoms are in it.
function motionOf(model, draw) {
  const button = html("button", { type: "button", class: "ddos-motion" });
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let [frame, phase, last] = [0, 0, null];

  const wave = () => model.get("motion");
  // Who wants no motion gets none before asking for it.
  let asked = !still;
  const going = () => wave().length > 0 && model.get("moving") && asked;

  function tick(now) {
    if (!going()) {
      frame = 0;
      last = null;
      return;
    }
    if (last !== null) phase += ((now - last) / SWING) * 2 * Math.PI;
    last = now;
    draw();
    frame = requestAnimationFrame(tick);
  }
  function arm() {
    button.hidden = !wave().length;
    button.textContent = going() ? "Hold still" : "Let it move";
    button.setAttribute("aria-pressed", String(going()));
    if (going() && !frame) frame = requestAnimationFrame(tick);
    else if (!going()) draw();
  }
  button.addEventListener("click", () => {
    const on = !going();
    asked = true;
    model.set("moving", on);
    model.save_changes();
    arm();
  });
  const listen = ["change:motion", "change:moving"];
  for (const name of listen) model.on(name, arm);
  queueMicrotask(arm);

  return {
    button,
    places(positions) {
      const u = wave();
      if (u.length !== positions.length) return positions;
      const [c, s] = [Math.cos(phase), Math.sin(phase)];
      return positions.map((p, i) => p.map((v, k) => v + c * u[i][k] + s * u[i][3 + k]));
    },
    stop() {
      cancelAnimationFrame(frame);
      for (const name of listen) model.off(name, arm);
    },
  };
}
