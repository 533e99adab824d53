// A form that was sent is not sent again by a second click. The page works without this file as well.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if ("download" in form.dataset) return; // the page stays, and a file can be fetched again
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
});
// Coming back with the back button, the form can be sent anew.
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
// A password can be looked at while it is typed; it is covered again before it is sent.
for (const box of document.querySelectorAll("[data-shows]")) {
  const field = document.getElementById(box.dataset.shows);
  box.closest("label").hidden = false;
  box.addEventListener("change", () => (field.type = box.checked ? "text" : "password"));
  field.form.addEventListener("submit", () => {
    box.checked = false;
    field.type = "password";
  });
}
for (const button of document.querySelectorAll("[data-print]")) button.hidden = false;
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});
