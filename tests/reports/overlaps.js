// Labels of charts that run into each other, or over the edge of their picture.
() => {
  const bad = [];
  for (const svg of document.querySelectorAll("figure svg")) {
    const edge = svg.getBoundingClientRect();
    const boxes = [...svg.querySelectorAll("text")].map((text) => [
      text.textContent,
      text.getBoundingClientRect(),
    ]);
    boxes.forEach(([label, box], index) => {
      if (box.left < edge.left - 1 || box.right > edge.right + 1) bad.push([label, "edge"]);
      for (const [other, next] of boxes.slice(index + 1)) {
        const beside = box.right <= next.left || next.right <= box.left;
        const above = box.bottom - 1 <= next.top || next.bottom - 1 <= box.top;
        if (!beside && !above) bad.push([label, other]);
      }
    });
  }
  return bad;
}
