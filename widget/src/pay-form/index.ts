import { PayForm } from "./pay-form.ts";

customElements.define("pay-form", PayForm);
