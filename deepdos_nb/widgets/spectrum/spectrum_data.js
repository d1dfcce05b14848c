// What Python sent about one crystal, unpacked, and where it lies on the screen.

const MARGIN = { left: 58, right: 12, top: 10, bottom: 40 };
// Curves of one colour, such as those of selected sites, are told apart by these.
const DASHES = ["none", "7 3", "2 3", "9 3 2 3"];

function readData(model) {
  const header = model.get("header");
  const grid = energyGrid(header.x);
  const { bins } = grid;
  const elements = header.elements;
  const curves = floats(model.get("curves"));
  const band = floats(model.get("band"));
  const lines = model.get("lines");
  const row = (k, e) => curves.subarray((k * elements.length + e) * bins, (k * elements.length + e + 1) * bins);
  const totals = Array.from({ length: header.steps + 1 }, (_, k) => sum(elements.map((_, e) => row(k, e)), bins));
  const mean = band.subarray(0, bins);
  const spread = band.subarray(bins);
  // One vertical scale for all steps, so that what moves on the screen has really moved.
  let highest = Math.max(...totals.map((t) => Math.max(...t)), ...lines.map((l) => Math.max(...l.values)), 1e-12);
  for (let i = 0; i < mean.length; i++) highest = Math.max(highest, mean[i] + spread[i]);
  return {
    ...grid, grid, header, elements, lines, row, totals, mean, spread, highest,
  };
}

// The view `v` holds the model, the data `v.d` and the size; these read all three when called.
function addScales(v) {
  const inner = () => v.size.width - MARGIN.left - MARGIN.right;
  v.top = MARGIN.top;
  v.left = MARGIN.left;
  v.bottom = () => v.size.height - MARGIN.bottom;
  v.right = () => v.size.width - MARGIN.right;
  v.x = (e) => straight(v.d.start, v.d.stop, MARGIN.left, v.right())(e);
  v.y = (value) => straight(0, v.d.highest * 1.06, v.bottom(), MARGIN.top)(value);
  v.binAt = (px) => {
    const share = (px - MARGIN.left) / inner();
    return Math.max(0, Math.min(v.d.bins - 1, Math.round(share * (v.d.bins - 1))));
  };
  const points = (values, y) => Array.from(values, (value, i) => [v.x(v.d.energy(i)), y(value)]);
  v.line = (values, y = v.y) => polyline(points(values, y));
  v.area = (low, high, y = v.y) => `${polyline([...points(high, y), ...points(low, y).reverse()])}Z`;
  v.step = () => Math.min(v.model.get("step"), v.d.header.steps);
  v.mode = () => (v.d.header.resolved ? v.model.get("mode") : "total");
  v.offElements = () => new Set(v.model.get("hidden_elements"));
  v.offCurves = () => new Set(v.model.get("hidden_curves"));
}

// Every curve on the plot but the stacked areas, in the order they are drawn; `name` is its key.
function curvesOf(v) {
  const { d } = v;
  const k = v.step();
  const list = [];
  if (d.mean.length) {
    const own = d.header.bandIsTotal;
    list.push({ name: "ensemble", cls: own ? "ddos-none" : "ddos-mean", values: d.mean, spread: d.spread, text: own ? d.header.bandName : `ensemble mean, ${d.header.bandName}` });
  }
  if (k > 0) list.push({ name: "start", cls: "ddos-start", values: d.totals[0], text: d.header.names[0] });
  list.push({ name: "total", cls: "ddos-total", values: d.totals[k], text: d.header.totalName });
  for (const { name, colour, dash, width, values } of d.lines) {
    list.push({ name, cls: "ddos-other", values, text: name, colour, dash, width });
  }
  return list;
}
