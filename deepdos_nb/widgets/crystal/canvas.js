// A crystal to turn, hover and click, drawn on a flat canvas. Plain ESM: nothing fetched.

const GREY = "#8b8f96";
const MARGIN = 1.2;

// How the crystal lies on the screen: pixels per ångström, and where its middle is.
function fitted(canvas, { positions, edges }, upright, zoom) {
  const points = [...edges.flat(), ...positions];
  const extent = (row) => {
    const seen = points.map((p) => p.reduce((sum, v, i) => sum + v * upright[3 * row + i], 0));
    return [Math.min(...seen), Math.max(...seen)];
  };
  const ends = [extent(0), extent(1), extent(2)];
  const [wide, tall] = ends.map(([low, high]) => high - low + 2 * MARGIN);
  // The middle of the crystal stays where it is while the crystal is turned.
  const middle = [0, 1, 2].map((i) => ends.reduce((sum, [low, high], row) => sum + ((low + high) / 2) * upright[3 * row + i], 0));
  return { scale: zoom * Math.min(canvas.clientWidth / wide, canvas.clientHeight / tall), middle };
}

// Draws bonds, cell and atoms, far things first; returns where the atoms are, near ones first.
function drawCrystal(canvas, { scene, places, colours, radii, selected, rotation, upright, zoom }) {
  const context = fresh(canvas);
  const { scale, middle } = fitted(canvas, scene, upright, zoom);
  const style = getComputedStyle(canvas);
  const [soft, accent] = ["--ddos-soft", "--ddos-accent"].map((name) => style.getPropertyValue(name).trim() || GREY);
  const see = (p) => {
    const row = (i) => p.reduce((sum, v, k) => sum + rotation[3 * i + k] * (v - middle[k]), 0);
    return [canvas.clientWidth / 2 + scale * row(0), canvas.clientHeight / 2 - scale * row(1), row(2)];
  };
  const at = places.map(see);
  const sticks = scene.bonds.map(([i, j]) => ({ z: Math.min(at[i][2], at[j][2]) - 1e-3, from: at[i], to: at[j], wide: Math.max(1.5, 0.14 * scale), paint: GREY }));
  const lines = scene.edges.map(([a, b]) => [see(a), see(b)]).map(([from, to]) => ({ z: Math.min(from[2], to[2]) - 1e3, from, to, wide: 1, paint: soft }));
  const atoms = at.map(([x, y, z], i) => ({ z, x, y, site: scene.site[i], r: Math.max(3, scale * radii[scene.site[i]]) }));
  for (const thing of [...sticks, ...lines, ...atoms].sort((a, b) => a.z - b.z)) {
    if (thing.from) {
      context.strokeStyle = thing.paint;
      context.lineWidth = thing.wide;
      context.lineCap = "round";
      context.beginPath();
      context.moveTo(thing.from[0], thing.from[1]);
      context.lineTo(thing.to[0], thing.to[1]);
      context.stroke();
      continue;
    }
    const { x, y, r, site } = thing;
    if (selected.has(site)) {
      context.globalAlpha = 0.4;
      context.fillStyle = accent;
      circle(context, x, y, r + Math.max(5, 0.2 * scale));
      context.fill();
      context.globalAlpha = 1;
    }
    shade(context, x, y, r, colours[site]);
    context.strokeStyle = "#2b2f36";
    context.lineWidth = 0.7;
    circle(context, x, y, r);
    context.stroke();
  }
  return atoms.sort((a, b) => b.z - a.z);
}

function render({ model, el }) {
  const canvas = html("canvas", { class: "ddos-atoms", tabindex: "0", role: "group", "aria-roledescription": "interactive 3-D view" });
  const tip = html("div", { class: "ddos-tip", hidden: "" });
  const wave = motionOf(model, () => draw());
  el.append(html("div", { class: "ddos ddos-balls", "data-lm-suppress-shortcuts": "true" }, canvas, tip, wave.button));
  let rotation = model.get("upright");
  let zoom = 1;
  let atoms = [];

  function draw() {
    if (!canvas.clientWidth) return;
    canvas.setAttribute("aria-label", model.get("description_text"));
    const scene = model.get("scene");
    atoms = drawCrystal(canvas, {
      scene, places: wave.places(scene.positions), colours: model.get("colours"), radii: model.get("radii"), selected: new Set(model.get("selected_sites")),
      upright: model.get("upright"), rotation, zoom,
    });
    // Where things are drawn, for whoever drives the page.
    canvas.atoms = atoms;
  }
  let frame = 0;
  const later = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(draw);
  };
  const look = {
    turn: (across, down) => { rotation = turned(rotation, across, down); later(); },
    enlarge: (by) => { zoom = Math.max(0.3, Math.min(6, zoom * by)); later(); },
    back: () => { rotation = model.get("upright"); zoom = 1; later(); },
  };
  const atomAt = (x, y) => atoms.find((a) => Math.hypot(a.x - x, a.y - y) <= a.r + 1);

  function hover(x, y) {
    const atom = atomAt(x, y);
    canvas.style.cursor = atom ? "pointer" : "grab";
    tip.hidden = !atom;
    if (!atom) return;
    tip.textContent = model.get("tips")[atom.site];
    const left = x + 14 + tip.offsetWidth < canvas.clientWidth ? x + 14 : x - tip.offsetWidth - 14;
    tip.style.transform = `translate(${left}px, ${y + 10}px)`;
  }
  function toggle(site) {
    const now = model.get("selected_sites");
    model.set("selected_sites", now.includes(site) ? now.filter((s) => s !== site) : [...now, site].sort((a, b) => a - b));
    model.save_changes();
  }
  addTurning(canvas, {
    look, hover,
    leave: () => { tip.hidden = true; },
    click: (x, y) => { const atom = atomAt(x, y); if (atom) toggle(atom.site); },
  });

  const listen = ["change:colours", "change:radii", "change:selected_sites", "change:scene", "change:description_text"];
  for (const name of listen) model.on(name, later);
  const unwatch = watchTheme(later);
  const observer = new ResizeObserver(later);
  observer.observe(canvas);
  draw();
  return () => {
    observer.disconnect();
    unwatch();
    wave.stop();
    cancelAnimationFrame(frame);
    for (const name of listen) model.off(name, later);
  };
}

// Drag and arrows turn, + and − enlarge, Home turns back; a press without a move is a click.
function addTurning(canvas, { look, hover, leave, click }) {
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  let drag = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const [x, y] = place(event);
    drag = { x, y, from: [x, y], moved: false };
    canvas.setPointerCapture(event.pointerId);
    canvas.focus({ preventScroll: true });
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = place(event);
    if (!drag) return hover(x, y);
    if (Math.hypot(x - drag.from[0], y - drag.from[1]) > 4) drag.moved = true;
    if (drag.moved) look.turn((x - drag.x) * 0.01, (y - drag.y) * 0.01);
    [drag.x, drag.y] = [x, y];
    leave();
  });
  canvas.addEventListener("pointerup", (event) => {
    if (drag && !drag.moved) click(...place(event));
    drag = null;
  });
  canvas.addEventListener("pointercancel", () => { drag = null; });
  canvas.addEventListener("pointerleave", leave);
  canvas.addEventListener("keydown", (event) => {
    const arrow = { ArrowLeft: [-0.17, 0], ArrowRight: [0.17, 0], ArrowUp: [0, -0.17], ArrowDown: [0, 0.17] }[event.key];
    if (arrow) look.turn(...arrow);
    else if (event.key === "+" || event.key === "=") look.enlarge(1.25);
    else if (event.key === "-" || event.key === "−") look.enlarge(1 / 1.25);
    else if (event.key === "Home") look.back();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

export default { render };
