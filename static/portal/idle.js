// Warns before a session ends, and keeps what was typed when it has: the page stays, and is sent with a new token once
// its person has signed in again. Nothing that is typed is stored anywhere. Pages work without this file as well.
(() => {
  const background = { headers: { "X-Background": "yes", Accept: "application/json" } };
  const refresh = (token) => {
    for (const input of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) input.value = token;
  };

  // The page that came back instead of an answer: its form waits for a token of the new session.
  const waiting = document.querySelector("form[data-refreshes]");
  if (waiting) {
    const renew = async () => {
      const state = await (await fetch(waiting.dataset.refreshes, background)).json();
      if (state.signed_in) refresh(state.token);
      return state.signed_in;
    };
    window.addEventListener("focus", renew);
    waiting.addEventListener("submit", async (event) => {
      if (waiting.dataset.renewed) return;
      event.preventDefault();
      if (!(await renew())) return void document.querySelector("[target=_blank]").focus();
      waiting.dataset.renewed = "yes";
      waiting.submit();
    });
  }

  const dialog = document.getElementById("idle");
  if (!dialog) return;
  const { who, state: stateUrl, keep: keepUrl } = dialog.dataset;
  const longest = Number(dialog.dataset.left) * 1000;
  const warning = Number(dialog.dataset.warning) * 1000;
  const part = (name) => dialog.querySelector(`[data-${name}]`);
  const title = dialog.querySelector("#idle-title");
  const text = dialog.querySelector("#idle-text");
  const channel = "BroadcastChannel" in window ? new BroadcastChannel(`idle-${who}`) : null;
  let token = dialog.dataset.token;
  let deadline = Date.now() + longest;
  let kept = Date.now();
  let mode = "calm"; // or "warning", "ended", "other"
  let asking = false;
  let said = Infinity;
  let before = null;

  const show = (next) => {
    mode = next;
    if (next === "calm") {
      if (dialog.open) dialog.close();
      before?.focus?.();
      before = null;
      return;
    }
    title.textContent = title.dataset[`${next}Title`];
    text.textContent = text.dataset[`${next}Text`];
    dialog.querySelector("[data-when=warning]").hidden = next !== "warning";
    dialog.querySelector("[data-when=ended]").hidden = next === "warning";
    part("clock").parentElement.hidden = next !== "warning";
    part("not-yet").hidden = true;
    if (!dialog.open) {
      before = document.activeElement;
      dialog.showModal();
    }
    dialog.querySelector(next === "warning" ? "[data-do=keep]" : "a.idle-main").focus();
  };
  const lasts = (milliseconds) => {
    deadline = Date.now() + milliseconds;
    said = Infinity;
    if (mode === "warning" && milliseconds > warning) show("calm");
  };
  const took = (state) => {
    if (!state.signed_in) return void (mode === "ended" || show("ended"));
    if (state.who !== who) return void (mode === "other" || show("other"));
    if (state.token) refresh((token = state.token));
    if (mode === "ended" || mode === "other") show("calm");
    lasts(state.left * 1000);
  };
  const ask = async () => {
    if (asking) return;
    asking = true;
    try {
      took(await (await fetch(stateUrl, background)).json());
    } catch {
      // Out of reach for a moment: asked again at the next second.
    } finally {
      asking = false;
    }
  };
  const keep = async () => {
    kept = Date.now();
    const headers = { "X-CSRFToken": token, Accept: "application/json" };
    const answer = await fetch(keepUrl, { method: "POST", headers }).catch(() => null);
    if (!answer) return;
    if (!answer.ok) return ask(); // signed in again elsewhere: the token is an old one
    took(await answer.json());
    channel?.postMessage({ left: deadline - Date.now() });
  };

  // Whoever types or clicks is there.
  for (const kind of ["input", "keydown", "pointerdown"]) {
    document.addEventListener(
      kind,
      () => {
        if (mode === "calm" && Date.now() - kept > Math.min(60_000, longest / 10)) keep();
      },
      { capture: true, passive: true },
    );
  }
  if (channel) {
    channel.onmessage = (event) => {
      if (mode === "calm" || mode === "warning") lasts(event.data.left);
    };
    channel.postMessage({ left: longest });
  }

  setInterval(() => {
    const left = deadline - Date.now();
    if (mode === "calm" && left <= warning) {
      // Another tab may have been in use: the portal knows.
      ask().then(() => {
        if (mode === "calm" && deadline - Date.now() <= warning) show("warning");
      });
    }
    if (mode !== "warning") return;
    const seconds = Math.max(0, Math.ceil(left / 1000));
    part("clock").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (said - seconds >= 30 || said === Infinity) {
      said = seconds;
      part("say").textContent = part("say").dataset.words.replace("{}", seconds);
    }
    if (left <= 0) ask();
  }, 1000);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") ask();
  });
  window.addEventListener("focus", ask);

  dialog.querySelector("[data-do=keep]").addEventListener("click", keep);
  dialog.querySelector("[data-do=return]").addEventListener("click", async () => {
    await ask();
    if (mode !== "calm") part("not-yet").hidden = false;
  });
  dialog.querySelector("[data-do=look]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    if (mode === "warning") keep();
    else dialog.close();
  });
  // Sent after the end it would be lost: it waits until its person is back.
  document.addEventListener(
    "submit",
    (event) => {
      if (dialog.contains(event.target) || (mode !== "ended" && mode !== "other")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      show(mode);
    },
    { capture: true },
  );
})();
