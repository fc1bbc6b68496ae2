// Sorting and filtering. Without it the page shows the same, in the order of the paper.
document.documentElement.classList.add("js");
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    if (!head.dataset.sort) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") !== "descending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = (row) => Number(row.cells[column].dataset.key);
      const rows = [...table.tBodies[0].rows];
      rows.sort((one, other) => (down ? key(other) - key(one) : key(one) - key(other)));
      table.tBodies[0].append(...rows);
    });
  });
}
const buttons = [...document.querySelectorAll(".filters button")];
for (const button of buttons) {
  button.addEventListener("click", () => {
    buttons.forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
    const wanted = button.dataset.only;
    for (const row of document.querySelectorAll("#table-claims tbody tr")) {
      row.hidden = wanted !== "all" && row.dataset.verdict !== wanted;
    }
  });
}
// Printed, nothing is folded.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((part) => (part.open = true)));
