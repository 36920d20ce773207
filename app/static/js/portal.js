// Comfort only: every page works without it.
(() => {
  "use strict";

  const root = document.documentElement;
  const dialogue = document.getElementById("dialogue");

  // Static files and one page for when the network is gone; nobody's data is kept.
  navigator.serviceWorker?.register(root.dataset.worker, { scope: "/" }).catch(() => {});

  // An answer is awaited: a line above the header says so.
  const wait = (waiting) =>
    waiting ? document.body.setAttribute("aria-busy", "true") : document.body.removeAttribute("aria-busy");
  document.addEventListener("htmx:beforeRequest", () => wait(true));
  document.addEventListener("htmx:afterRequest", () => wait(false));
  // A file is downloaded and a call is made without leaving the page: nothing would end the wait.
  let pressedLink = null;
  document.addEventListener("click", (event) => (pressedLink = event.target.closest("a[href]")), true);
  const staysHere = (link) => link && (!/^https?:$/.test(link.protocol) || /\.[a-z]+$/.test(link.pathname));
  window.addEventListener("beforeunload", () => wait(!staysHere(pressedLink)));
  window.addEventListener("pageshow", () => wait(false));

  // What was pressed says that it works, and takes no second press until the answer is there.
  const press = (pressed, isBusy) => {
    if (!pressed || pressed.hasAttribute("aria-disabled") === isBusy) return;
    if (isBusy) pressed.setAttribute("aria-disabled", "true");
    else pressed.removeAttribute("aria-disabled");
    const words = pressed.querySelector("[data-busy]");
    if (words) [words.textContent, words.dataset.busy] = [words.dataset.busy, words.textContent];
  };
  const pressedFor = ({ elt }) => (elt.matches("form") ? elt.querySelector("button.primary") : elt.closest("a.button"));
  document.addEventListener("htmx:beforeRequest", (event) => press(pressedFor(event.detail), true));
  document.addEventListener("htmx:afterRequest", (event) => press(pressedFor(event.detail), false));
  document.addEventListener(
    "click",
    (event) => {
      if (!event.target.closest("[aria-disabled=true]")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );

  // The table or the cards changed: say so to those who do not see it, and keep a place for the keyboard.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.closest("dialog")) return;
    const said = document.querySelector("[data-say]");
    const voice = document.getElementById("voice");
    if (said && voice) voice.textContent = said.textContent.trim().replace(/\s+/g, " ");
    const target = event.detail.target;
    target?.querySelector("#faults")?.focus();
    if (document.activeElement === document.body && target && target.id === "results") {
      target.focus({ preventScroll: true });
    }
    document.title = document.querySelector("[data-title]")?.dataset.title ?? document.title;
  });

  // A double click is one request: a second one would come with the key that the first has changed.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-once]")) return;
    if (form.dataset.once === "sent") event.preventDefault();
    form.dataset.once = "sent";
    press(event.submitter, true);
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("[data-once]").forEach((form) => (form.dataset.once = ""));
    document.querySelectorAll("[data-once] [aria-disabled=true]").forEach((button) => press(button, false));
  });

  // A session that ended takes nothing that was typed: this tab keeps it from the press on "send" until the next page,
  // and fills the same form again once the same person has signed in. Never a password, a code, or a file.
  const KEPT = "unsent";
  const person = document.querySelector(".account-email")?.textContent;
  const typedIn = (form) =>
    [...form.elements].filter(
      (input) => input.name && !["hidden", "password", "file", "submit", "button"].includes(input.type) && input.autocomplete !== "one-time-code",
    );
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!person || form.method !== "post" || form.querySelector("[type=password]")) return;
    const values = typedIn(form).map((input) => [input.name, input.value, input.checked ?? false]);
    const kept = { person, page: location.pathname, action: form.getAttribute("action"), values };
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
  });
  // One that is sent without leaving the page is answered on it; of an ended session the answer is the way in.
  document.addEventListener("htmx:beforeOnLoad", ({ detail: { elt, xhr } }) => {
    if (elt.matches("form") && xhr.status !== 401) sessionStorage.removeItem(KEPT);
  });
  const isWayIn = document.querySelector(".sign-in") !== null;
  const unsent = JSON.parse(sessionStorage.getItem(KEPT));
  const isUnsent = (form) => form.getAttribute("action") === unsent.action;
  const fillAgain = (form) => {
    const passed = {};
    unsent.values.forEach(([name, value, checked]) => {
      const inputs = typedIn(form).filter((input) => input.name === name);
      const isTicked = /^(radio|checkbox)$/.test(inputs[0]?.type);
      passed[name] = (passed[name] ?? 0) + 1; // five addresses have one name
      const input = isTicked ? inputs.find((one) => one.value === value) : inputs[passed[name] - 1];
      if (!input) return;
      if (isTicked) input.checked = checked;
      else input.value = value;
      if (value) input.closest("details")?.setAttribute("open", "");
    });
    const notice = Object.assign(document.createElement("p"), { className: "notice info", role: "status" });
    notice.textContent = document.getElementById("main").dataset.kept;
    if (form.closest("dialog")) form.prepend(notice);
    else form.before(notice);
  };
  if (unsent && !isWayIn) {
    sessionStorage.removeItem(KEPT);
    const isSame = unsent.person === person && unsent.page === location.pathname;
    // A form that comes back with its faults holds what was typed; one that was never sent comes back as it was.
    if (isSame && unsent.hasEnded) {
      const form = [...document.forms].find(isUnsent);
      // The one that stood in a dialogue is behind the button that opens it.
      const opener = [...document.querySelectorAll("[hx-get]")].find((one) => one.getAttribute("hx-get") === unsent.action);
      const opened = (event) => {
        const late = [...event.detail.target.querySelectorAll("form")].find(isUnsent);
        if (!late) return;
        document.removeEventListener("htmx:afterSettle", opened);
        fillAgain(late);
      };
      if (form) fillAgain(form);
      else if (opener) {
        document.addEventListener("htmx:afterSettle", opened);
        document.addEventListener("htmx:load", () => opener.click(), { once: true });
      }
    }
  } else if (unsent && document.querySelector("[data-unsent]")) {
    sessionStorage.setItem(KEPT, JSON.stringify({ ...unsent, hasEnded: true }));
  } else if (unsent && !unsent.hasEnded) {
    sessionStorage.removeItem(KEPT);
  }

  // "Voir plus": the reading goes on at the first new row.
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    const fresh = event.detail.target.querySelector("[data-first] a");
    // A group that goes on stands under one heading, as when the page is shown whole: coming back finds its place.
    event.detail.target.querySelectorAll("[data-group]").forEach((group) => {
      const before = group.previousElementSibling;
      if (before?.dataset.group !== group.dataset.group) return;
      before.append(...group.querySelectorAll(".line"));
      group.remove();
    });
    if (fresh && fresh.getClientRects().length) fresh.focus({ preventScroll: true });
    event.detail.target.querySelectorAll("[data-first]").forEach((row) => row.removeAttribute("data-first"));
  });

  // The network is gone: say it where the answer would have stood.
  const showOffline = (offline) =>
    document.querySelectorAll("[data-offline]").forEach((notice) => (notice.hidden = !offline));
  document.addEventListener("htmx:sendError", (event) => {
    showOffline(true);
    if (event.detail.target?.closest("dialog:not([open])")) dialogue.showModal();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) showOffline(false);
  });
  window.addEventListener("online", () => showOffline(false));

  // On a phone the addresses come first, and the ticket is folded below them.
  const foldOnAPhone = (part) => {
    if (matchMedia("(min-width: 48rem)").matches) return;
    part.querySelectorAll("[data-fold]").forEach((fold) => (fold.open = false));
  };
  foldOnAPhone(document);

  // One more address: its own input is where one goes on. A panel that opens is in sight down to its buttons.
  document.addEventListener(
    "toggle",
    (event) => {
      if (event.target.matches("[data-popover][open]")) {
        event.target.querySelector(".panel").scrollIntoView({ block: "nearest" });
      }
      if (event.target.matches(".more-addresses") && event.target.open) event.target.querySelector("input").focus();
    },
    true,
  );

  // The form that sends a ticket stands in a dialogue over the page; closed, it leaves nothing behind.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (!dialogue || event.detail.target?.id !== "steps") return;
    foldOnAPhone(event.detail.target);
    if (!dialogue.open) dialogue.showModal();
    dialogue.scrollTop = 0;
    (event.detail.target.querySelector("[aria-invalid], [autofocus], [tabindex='-1']") ?? dialogue).focus();
  });
  dialogue?.addEventListener("click", (event) => {
    if (!event.target.closest("[data-close]")) return;
    event.preventDefault();
    dialogue.close();
  });
  dialogue?.addEventListener("close", () => document.getElementById("steps").replaceChildren());

  // What people need elsewhere is copied by a button, where the browser can.
  if (navigator.clipboard) document.querySelectorAll("[data-copy]").forEach((button) => (button.hidden = false));
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    button.classList.add("is-good");
    const voice = document.getElementById("voice");
    voice.textContent = voice.dataset.copied;
    setTimeout(() => button.classList.remove("is-good"), 2000);
  });

  // A password typed with a thumb can be looked at before it is sent.
  document.querySelectorAll("[data-reveal]").forEach((button) => {
    const password = document.getElementById(button.dataset.reveal);
    const show = (shown) => {
      password.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", shown);
    };
    button.hidden = false;
    button.addEventListener("click", () => show(password.type === "password"));
    // Nobody's browser keeps it as a text once typed.
    password.form.addEventListener("submit", () => show(false));
  });

  // On a phone the ticket goes to whatever can take a file; where nothing does, it is downloaded.
  const asFile = (data, name) => new File([data], name, { type: "application/pdf" });
  const canShare = matchMedia("(pointer: coarse)").matches && navigator.canShare?.({ files: [asFile("", "a.pdf")] });
  document.querySelectorAll("[data-share]").forEach((button) => {
    if (!canShare) return;
    button.hidden = false;
    button.parentElement.querySelector("[data-file]").hidden = true;
    button.addEventListener("click", async () => {
      const answer = await fetch(button.dataset.share).catch(() => null);
      showOffline(!answer);
      if (!answer) return;
      const name = answer.headers.get("Content-Disposition")?.match(/filename="?([^";]+)/)?.[1] ?? "ticket.pdf";
      await navigator.share({ files: [asFile(await answer.blob(), name)] }).catch((error) => {
        if (error.name !== "AbortError") location.assign(button.dataset.share);
      });
    });
  });

  // Sorting on a phone needs no second tap.
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });

  // Hundreds of outlets: found as one types, chosen by what is shown. The rules are those of picking.py.
  const plain = (text) =>
    text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
  const outletOf = (row) => {
    const group = row.closest("details");
    const own = (name) => row.querySelector(name).textContent;
    const name = row.querySelector("label").firstChild.textContent;
    const words = ` ${plain(`${name} ${own(".town")} ${row.dataset.in ?? group.dataset.in}`)}`;
    return { row, group, words, siret: own(".siret"), box: row.querySelector("input") };
  };
  const answers = (outlet, sought) => {
    const digits = sought.replace(/\s/g, "");
    if (/^\d{6,}$/.test(digits)) return outlet.siret.includes(digits);
    return plain(sought).split(" ").every((word) => outlet.words.includes(` ${word}`));
  };
  const setUpPicker = (picker) => {
    const one = (name) => picker.querySelector(`[data-${name}]`);
    const find = picker.querySelector("[name=find]");
    const groups = [...picker.querySelectorAll("details")];
    const outlets = [...picker.querySelectorAll(".option")].map(outletOf);
    const isIn = (group) => (outlet) => outlet.group === group && !outlet.row.hidden;
    const count = () => {
      const chosen = outlets.filter((outlet) => outlet.box.checked).length;
      picker.form.querySelectorAll("[data-count]").forEach((place) => (place.textContent = chosen));
      groups.forEach((group) => {
        const ticked = outlets.filter((outlet) => outlet.group === group && outlet.box.checked);
        group.querySelector("[data-ticked]").textContent = ticked.length;
      });
    };
    const only = picker.querySelector("[aria-pressed]");
    const show = () => {
      const chosenOnly = only.getAttribute("aria-pressed") === "true";
      outlets.forEach((outlet) => {
        outlet.row.hidden = (chosenOnly && !outlet.box.checked) || !answers(outlet, find.value);
      });
      groups.forEach((group) => {
        group.hidden = !outlets.some(isIn(group));
        group.open = chosenOnly || find.value.trim() !== "" || "chosen" in group.dataset;
      });
      const shown = outlets.filter((outlet) => !outlet.row.hidden).length;
      one("shown").textContent = shown;
      one("nothing").hidden = shown > 0;
    };
    picker.querySelectorAll("[name=step]").forEach((button) => {
      button.type = "button";
      button.hidden = button.value === "find";
    });
    picker.addEventListener("click", (event) => {
      const button = event.target.closest("[name=step]");
      if (!button) return;
      if (button === only) {
        only.setAttribute("aria-pressed", String(only.getAttribute("aria-pressed") !== "true"));
        show();
        return;
      }
      const here = button.closest("details");
      outlets.filter((outlet) => !outlet.row.hidden && (!here || outlet.group === here)).forEach((outlet) => {
        outlet.box.checked = button.value !== "clear";
      });
      count();
    });
    picker.addEventListener("change", count);
    find.addEventListener("input", show);
    find.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      if (matchMedia("(pointer: coarse)").matches) find.blur(); // the keyboard of a phone covers what was found
    });
    picker.form.querySelectorAll("[data-recall]").forEach((recall) => (recall.hidden = false));
    show();
    count();
  };
  document.querySelectorAll("[data-picker]").forEach(setUpPicker);

  // What is to be mended opens where it stands.
  const unfold = (field) => {
    for (let part = field.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
  };
  const mend = (field) => {
    unfold(field);
    field.focus();
  };

  // A browser that refuses a value shows where it stands. On a desk, where a panel hides nothing, so does the page.
  document.addEventListener("invalid", (event) => unfold(event.target), true);
  const showFaults = () => {
    if (matchMedia("(min-width: 64rem)").matches) document.querySelectorAll(".panel [aria-invalid]").forEach(unfold);
  };
  showFaults();
  document.addEventListener("htmx:afterSettle", showFaults);

  // Of pills that scroll sideways the one in use is in sight.
  document.querySelectorAll(".one-line [aria-current]").forEach((pill) => pill.scrollIntoView({ block: "nearest" }));

  // A frame is a stop of the keyboard where there is something to scroll: cards of a phone are none.
  const stopAtFrames = () =>
    document.querySelectorAll(".groups-frame, .table-frame").forEach((frame) => {
      frame.tabIndex = frame.scrollWidth > frame.clientWidth ? 0 : -1;
    });
  stopAtFrames();
  document.addEventListener("htmx:afterSettle", stopAtFrames);
  window.addEventListener("resize", stopAtFrames);

  // The account menu, filters and periods close on their cross, on Escape and on a tap elsewhere.
  document.addEventListener("click", (event) => {
    const menu = event.target.closest("[data-shut]")?.closest("details");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
      return;
    }
    const wrong = event.target.closest("[data-mend]");
    if (wrong) {
      event.preventDefault();
      mend(document.querySelector(wrong.hash));
      return;
    }
    document.querySelectorAll("details.account[open], [data-popover][open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.querySelector("details.account[open], [data-popover][open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
})();
