// Making and using passkeys, with allauth's webauthn-json.js. Without passkeys in the browser its cards stay away.
for (const card of document.querySelectorAll("[data-passkey]")) {
  if (!window.PublicKeyCredential || !window.webauthnJSON) break;
  const options = JSON.parse(card.querySelector("script[type='application/json']").textContent);
  const form = card.querySelector("form");
  const failed = form.querySelector("[role=alert][hidden]");
  const button = form.querySelector("button[type=button]");
  card.hidden = false;
  button.disabled = false; // until here a click would do nothing
  button.addEventListener("click", async () => {
    failed.hidden = true;
    try {
      const credential =
        card.dataset.passkey === "create"
          ? await window.webauthnJSON.create(options.creation_options)
          : await window.webauthnJSON.get(options.request_options);
      form.querySelector("[name=credential]").value = JSON.stringify(credential);
      form.submit();
    } catch {
      failed.hidden = false;
    }
  });
}
