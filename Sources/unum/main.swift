print("unum")
