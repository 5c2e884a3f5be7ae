print("visualization server of the demo")
