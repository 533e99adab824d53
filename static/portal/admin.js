// What went wrong is read first. A browser follows `autofocus` only where nothing else has the focus yet.
document.addEventListener("DOMContentLoaded", () => document.querySelector('[role="alert"][autofocus]')?.focus());
