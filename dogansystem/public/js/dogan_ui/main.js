// The page of `dogansystem ui`: the canvas, the runs and the approvals of a sandbox.

import "./page.css"; // before the canvas's own
import { createApp } from "vue";
import App from "./App.vue";
import { host } from "./host";

const app = createApp(App);
app.config.globalProperties.__ = host.__;
app.mount("#app");
