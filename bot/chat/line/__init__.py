"""LINE: what its chats say to the bot, and what the bot says in them."""
