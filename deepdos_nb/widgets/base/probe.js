// What only the browser knows. Plain ESM: no build step, nothing fetched.

const GROUPS = {
  core: "Predictions", views: "Views", app: "Web app", labels: "Reference calculations",
  data: "Weights and data", hardware: "Hardware", browser: "This browser",
};
const MARKS = { ok: "✓", note: "i", missing: "–", broken: "✕" };
const SAID = { ok: "in order", note: "note", missing: "missing", broken: "broken" };

function webgl() {
  const canvas = document.createElement("canvas");
  const gl = canvas.getContext("webgl2") ?? canvas.getContext("webgl");
  if (!gl) return "none";
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  const version = gl instanceof WebGLRenderingContext ? 1 : 2;
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return `WebGL ${version}, ${name}`;
}

function render({ model, el }) {
  const body = html("tbody");
  const verdict = html("div", { class: "ddos-title", role: "status" });
  const error = html("div", { class: "ddos-error", role: "alert" });
  el.append(html("div", { class: "ddos ddos-probe" }, verdict,
    html("table", { "aria-label": "What was found" }, body), error));

  const said = webgl();
  const started = performance.now();
  let answer = "waiting …";
  let late = false;

  function browserRows() {
    const soft = /swiftshader|llvmpipe|software/i.test(said);
    const way = late && answer === "waiting …" ? "broken" : answer === "waiting …" ? "note" : "ok";
    return [
      said === "none"
        ? { group: "browser", name: "WebGL", status: "broken", found: "not available; nglview stays blank", remedy: "Switch on hardware acceleration in the browser's settings,\nor let the page draw the crystal: backend=\"canvas\"" }
        : { group: "browser", name: "WebGL", status: soft ? "note" : "ok", found: said + (soft ? " (drawn by the processor: slow)" : ""), remedy: "" },
      { group: "browser", name: "from the page to Python and back", status: way, found: way === "broken" ? "no answer; views would not follow" : answer,
        remedy: way === "broken" ? "Restart the kernel and run the cell again; behind a proxy, let WebSockets through." : "" },
    ];
  }

  function draw() {
    verdict.textContent = model.get("verdict");
    let group = "";
    const rows = [];
    for (const row of [...model.get("rows"), ...browserRows()]) {
      if (row.group === "hardware" && row.name === "WebGL") continue; // known better here
      if (row.group !== group) {
        group = row.group;
        rows.push(html("tr", { class: "group" }, html("th", { colspan: "3", scope: "colgroup" }, GROUPS[group] ?? group)));
      }
      const mark = html("td", { class: `mark ${row.status}`, title: SAID[row.status] }, MARKS[row.status]);
      mark.setAttribute("aria-label", SAID[row.status]);
      const found = html("td", {}, row.found);
      if (row.remedy && row.status !== "ok") found.append(html("pre", {}, row.remedy));
      rows.push(html("tr", { "data-name": row.name, "data-status": row.status }, mark, html("th", { scope: "row" }, row.name), found));
    }
    body.replaceChildren(...rows);
    error.textContent = model.get("error");
  }

  const count = model.get("ping") + 1;
  function heard() {
    if (model.get("pong") < count) return;
    answer = `answered after ${Math.round(performance.now() - started)} ms`;
    draw();
  }
  const timer = setTimeout(() => {
    late = true;
    draw();
  }, 10000);
  const listen = [["change:rows", draw], ["change:verdict", draw], ["change:error", draw], ["change:pong", heard]];
  for (const [name, handler] of listen) model.on(name, handler);
  draw();
  model.set("webgl", said);
  model.set("ping", count);
  model.save_changes();
  return () => {
    clearTimeout(timer);
    for (const [name, handler] of listen) model.off(name, handler);
  };
}

export default { render };
