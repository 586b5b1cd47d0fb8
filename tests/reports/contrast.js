// The texts of a page that are too faint to read: below 4.5 to 1, as WCAG 2 computes it.
() => {
  const channel = (value) =>
    value <= 10.03 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
  const light = (color) => {
    const [red, green, blue] = color.match(/[0-9.]+/g).map((part) => channel(Number(part)));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const paper = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = getComputedStyle(one).backgroundColor;
      if (!/, 0\)$/.test(color)) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const texts =
    "h1, h2, h3, p, th, td, small, li, dt, dd, summary, figcaption, .banner, .lean span, svg text";
  const poor = [];
  for (const element of document.querySelectorAll(texts)) {
    if (!element.textContent.trim()) continue;
    const style = getComputedStyle(element);
    const ink = light(element instanceof SVGElement ? style.fill : style.color);
    const under = light(paper(element));
    const ratio = (Math.max(ink, under) + 0.05) / (Math.min(ink, under) + 0.05);
    if (ratio < 4.5) poor.push([element.tagName, element.textContent.trim().slice(0, 30), ratio]);
  }
  return poor;
}
