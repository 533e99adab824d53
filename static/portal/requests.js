// How far a file is on its way, shown beside it. The pages work without this file as well.
(() => {
  const progressOf = (element) => {
    const slot = element.closest(".slot, form");
    return slot ? slot.querySelector("progress.upload") : null;
  };
  const sendsFile = (element) => {
    const inputs = element.matches("input[type=file]") ? [element] : [...element.querySelectorAll("input[type=file]")];
    return inputs.some((input) => input.files.length > 0);
  };
  document.addEventListener("htmx:xhr:progress", (event) => {
    const progress = progressOf(event.target);
    if (!progress || !event.detail.lengthComputable || !sendsFile(event.target)) return;
    progress.hidden = false;
    progress.value = (event.detail.loaded / event.detail.total) * 100;
  });
  // Nothing came back, or nothing of use: say so in the words the page brought along, and keep what was typed.
  const tell = (event) => {
    const progress = progressOf(event.target);
    if (progress) progress.hidden = true;
    const lost = document.getElementById("not-sent");
    if (!lost) return;
    lost.hidden = false;
    lost.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("htmx:sendError", tell);
  document.addEventListener("htmx:responseError", tell);
  document.addEventListener("htmx:beforeRequest", () => {
    const lost = document.getElementById("not-sent");
    if (lost) lost.hidden = true;
  });
  // The session has ended, and the answer is the page to sign in on: go there, and come back to what is kept.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, target } = event.detail;
    if (target === document.body || !xhr.responseURL) return;
    if (xhr.status >= 400) {
      event.detail.shouldSwap = false;
      tell(event);
      return;
    }
    if (new URL(xhr.responseURL).pathname !== window.location.pathname) {
      event.detail.shouldSwap = false;
      window.location.reload();
    }
  });
  // The place of a document was put anew: whoever works by keyboard goes on from there.
  document.addEventListener("htmx:afterSettle", (event) => {
    const slot = event.detail.elt;
    if (slot && slot.classList && slot.classList.contains("slot")) {
      const next = slot.querySelector("input[type=file]");
      if (next) next.focus();
    }
  });
})();
