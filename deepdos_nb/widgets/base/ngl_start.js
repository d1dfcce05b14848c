// Run once inside a view of nglview, which is `this`; Python puts in the crystal's `EXTENT`.
const { stage, el } = this;
const { mouseControls, viewerControls, tooltip } = stage;

// A click selects an atom and does not move the crystal; nglview's grey label stays away.
this.$pickingInfo.hide();
mouseControls.remove("clickPick-left");

// An atom says its name and share.
mouseControls.remove("hoverPick");
tooltip.removeAttribute("style");
tooltip.className = "ddos-atom-tip";
tooltip.style.display = "none";
mouseControls.add("hoverPick", (_, proxy) => {
  const words = proxy && proxy.atom && (this.ddosTips ?? [])[proxy.atom.index];
  // By its style, as NGL itself hides it.
  tooltip.style.display = words ? "block" : "none";
  if (!words) return;
  tooltip.textContent = words;
  tooltip.style.left = `${proxy.mouse.position.x + 12}px`;
  tooltip.style.top = `${proxy.mouse.position.y + 12}px`;
});

// The crystal fills its box: the camera stands as far away as its width and height ask for.
const [wide, tall] = EXTENT;
let height = tall;
this.ddosFollow = new ResizeObserver(() => {
  const { clientWidth, clientHeight } = el;
  if (!clientWidth || !clientHeight) return;
  this.setSize(`${clientWidth}px`, `${clientHeight}px`);
  const needed = Math.max(tall, (wide * clientHeight) / clientWidth);
  // Relative to where the camera is, so that somebody's own zoom stays.
  viewerControls.distance((viewerControls.getCameraDistance() * needed) / height);
  height = needed;
});
this.ddosFollow.observe(el);
