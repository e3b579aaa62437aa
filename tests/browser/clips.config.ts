import { defineConfig } from "@playwright/test";
import tests from "./playwright.config.js";

/** Makes clips for the model's evaluation; no test of the page. */
export default defineConfig({ ...tests, testMatch: "clips.ts", timeout: 0, reporter: [["line"]] });
