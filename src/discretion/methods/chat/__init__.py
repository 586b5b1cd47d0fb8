"""Prompts for any chat assistant: a policy with its people's judgment, as text to paste."""

from discretion.methods.chat.precedent_choice import spread
from discretion.methods.chat.prompt import LANGUAGES, chat_prompt
from discretion.methods.chat.trial import choose_trial, trial_text, without_trial

__all__ = ["LANGUAGES", "chat_prompt", "choose_trial", "spread", "trial_text", "without_trial"]
