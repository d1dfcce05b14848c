// What mouse and keys do on the picture of the graph.

function hover(v, x, y) {
  const { canvas, tip, edges, labels } = v;
  const thing = thingAt(v.things, x, y);
  canvas.style.cursor = thing ? "pointer" : "grab";
  tip.hidden = !thing;
  if (!thing) return;
  const edge = edges[thing.edge];
  const words = [html("b", {}, labels[thing.at ? thing.site : edge.site])];
  if (edge) {
    const image = edge.image.join(" ").replaceAll("-", "−");
    words.push(html("div", {}, `${edge.distance.toFixed(3)} Å, cell (${image})`), html("div", {}, `cutoff weight ${edge.weight.toFixed(3)}`));
    if (edge.attention >= 0) words.push(html("div", {}, `attention ${(100 * edge.attention).toFixed(1)} %`));
  } else words.push(html("div", {}, thing.site === v.model.get("site") ? "its neighbours are shown" : "click: its neighbours"));
  tip.replaceChildren(...words);
  const left = x + 16 + tip.offsetWidth < canvas.clientWidth ? x + 16 : x - tip.offsetWidth - 16;
  tip.style.transform = `translate(${left}px, ${y + 10}px)`;
}

function addPointer(v) {
  const { canvas, tip } = v;
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
    if (!drag) return hover(v, x, y);
    if (Math.hypot(x - drag.from[0], y - drag.from[1]) > 4) drag.moved = true;
    if (drag.moved) v.turn((x - drag.x) * 0.01, (y - drag.y) * 0.01);
    [drag.x, drag.y] = [x, y];
    tip.hidden = true;
  });
  canvas.addEventListener("pointerup", (event) => {
    if (!drag) return;
    const thing = drag.moved ? null : thingAt(v.things, ...place(event));
    if (drag.moved) v.keepTurn();
    else if (thing && thing.edge >= 0) v.chooseEdge(thing.edge);
    else if (thing) v.chooseSite(thing.site);
    else v.chooseEdge(-1);
    drag = null;
  });
  canvas.addEventListener("dblclick", (event) => {
    const thing = thingAt(v.things, ...place(event));
    if (thing && thing.edge >= 0) v.chooseSite(v.edges[thing.edge].site);
  });
  canvas.addEventListener("pointercancel", () => { drag = null; });
  canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
}

function addKeys(v) {
  v.canvas.addEventListener("keydown", (event) => {
    const { key } = event;
    const arrow = { ArrowLeft: [-0.17, 0], ArrowRight: [0.17, 0], ArrowUp: [0, -0.17], ArrowDown: [0, 0.17] }[key];
    const count = v.edges.length + 1;
    const now = v.edgeAsked.now();
    if (arrow) v.turn(...arrow), v.keepTurn();
    else if (key === "+" || key === "=") v.enlarge(1.25);
    else if (key === "-" || key === "−") v.enlarge(1 / 1.25);
    else if (key === "]" || key === "[") v.chooseEdge(((now + 1 + (key === "]" ? 1 : count - 1)) % count) - 1);
    else if (key === "Enter" && v.edges[now]) v.chooseSite(v.edges[now].site);
    else if (key === "Home") {
      v.rotation = v.header.upright;
      drawScene(v);
      v.keepTurn();
    } else if (key === "Escape") v.chooseEdge(-1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}
